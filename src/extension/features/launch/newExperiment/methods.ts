import type { AdapterConfig } from '../../../../protocol/experiment/types';

export type Method = AdapterConfig['method'];

/** A method as it is offered, and what a first try of it looks like. */
interface MethodOffer {
  readonly method: Method;
  readonly label: string;
  readonly detail: string;
  readonly rank: number | undefined;
  readonly learningRate: string;
  readonly comment: string;
}

/** The methods, in the order in which they are offered. */
export const METHODS: readonly MethodOffer[] = [
  {
    method: 'lora',
    label: 'LoRA',
    detail: 'A trained product of two thin matrices beside each weight. The usual choice.',
    rank: 16,
    learningRate: '2.0e-4',
    comment: 'W x + (alpha / rank) B A x; B is 0 at the start',
  },
  {
    method: 'pissa',
    label: 'PiSSA',
    detail: 'LoRA that starts from the weights’ principal singular directions; learns faster at first.',
    rank: 16,
    learningRate: '2.0e-4',
    comment: 'A and B start from the top singular vectors of W',
  },
  {
    method: 'lamda',
    label: 'LaMDA',
    detail: 'A small core between fixed singular directions; trains the fewest numbers of all.',
    rank: 32,
    learningRate: '2.0e-3',
    comment: 'a rank × rank core between singular directions of W; the second projection freezes gradually',
  },
  {
    method: 'lamda++',
    label: 'LaMDA++',
    detail: 'LaMDA with more rank where the weights’ spectrum is flat, less where it is steep.',
    rank: 32,
    learningRate: '2.0e-3',
    comment: 'LaMDA, with a rank for each module by its spectrum; `rank` is their mean',
  },
  {
    method: 'full',
    label: 'Full fine-tuning',
    detail: 'Every weight is trained. Takes the most memory; for small models.',
    rank: undefined,
    learningRate: '2.0e-5',
    comment: 'every weight is trained',
  },
];
