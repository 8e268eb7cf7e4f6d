/** What an adapter knows of the linear layer it is put on: y = W x, W [outputs, inputs]. */
export interface AdaptedLayer {
  /** Hugging Face's dotted path, e.g. `model.layers.0.self_attn.q_proj`. */
  readonly path: string;
  /** The last part of the path: what `target_modules` names. */
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
}
