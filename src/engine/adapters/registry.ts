import { lamda } from './lamda/lamda';
import { lora } from './lora/lora';
import type { AdapterMethod, AdapterMethodId } from './method';
import { pissa } from './pissa/pissa';

/** Every adapter method by its name in the config. */
export const adapterMethods: { readonly [K in AdapterMethodId]: AdapterMethod } = { lora, pissa, lamda };
