/** Something that may be written at the cursor. */
export interface Suggestion {
  readonly label: string;
  readonly kind: 'key' | 'section' | 'value' | 'file' | 'folder' | 'column' | 'module' | 'snippet';
  /** Beside the label, e.g. `default`. */
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
  readonly insert: string;
  /** Whether `insert` has places to fill in. */
  readonly snippet?: boolean;
  /** Where the words do not come in the order they are given. */
  readonly preselect?: boolean;
  /** Whether what comes next is suggested at once. */
  readonly next?: boolean;
}
