/** How a cell looks, and what it is called. */
export interface GridCell {
  /** Its ground; undefined: nothing is known of it yet. */
  readonly colour: string | undefined;
  readonly ink: string;
  readonly text: string;
  /** Its accessible name, e.g. `layer 3, q_proj, energy at 32: 61 %`. */
  readonly label: string;
  /** Classes of what is marked on it, e.g. `pinned`. */
  readonly marks: readonly string[];
  readonly selected: boolean;
}
