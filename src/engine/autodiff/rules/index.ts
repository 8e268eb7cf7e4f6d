import type { GradientRules } from '../rule';
import { elementwise } from './elementwise';
import { indexing } from './indexing';
import { matrix } from './matrix';
import { movement } from './movement';
import { normalisation } from './normalisation';
import { reductions } from './reductions';
import { transformer } from './transformer';

/** The gradient of every operator. */
export const rules: GradientRules = {
  ...elementwise,
  ...matrix,
  ...movement,
  ...indexing,
  ...reductions,
  ...normalisation,
  ...transformer,
};
