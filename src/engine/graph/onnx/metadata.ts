/** Keys under which what ONNX has no word for is kept with a node. */
export const NODE_KEYS = {
  scope: 'eigenloom.scope',
  stage: 'eigenloom.stage',
  adjointIndices: 'eigenloom.adjoint',
  adjointMask: 'eigenloom.adjoint_mask',
} as const;

/** Marks a value that is a checkpoint of recomputation. */
export const CHECKPOINT = 'eigenloom.checkpoint';
