/** What a panel says of how far it is, where its numbers do not speak for themselves. */
export interface StateText {
  readonly tone: 'hint' | 'plain' | 'busy' | 'error';
  readonly text: string;
  /** A place that can be gone to. */
  readonly place?: string | undefined;
  /** Of work that is under way, 0 to 1. */
  readonly progress?: number | undefined;
  /** The way on. */
  readonly action?: { readonly name: NoticeAction; readonly label: string } | undefined;
}

export type NoticeAction = 'retry' | 'cancel' | 'trust';
