import { supervisedCount } from '../../data/batch/tokenRow';
import type { EncodedRow } from '../../data/text/encode';
import type { CutRow } from '../../data/tokenise';
import type { TokenPreview } from '../../protocol/inspector';

/** Rows and tokens that are summed up: enough to tell, and quick however large the data. */
const MOST_ROWS = 500;
const MOST_TOKENS = 200_000;

/** Sums up what the first rows of the data are like. */
export class Summary {
  private rows = 0;
  private tokens = 0;
  private kept = 0;
  private trained = 0;
  private longest = 0;
  private truncated = 0;
  private dropped = 0;

  /** Whether another row still counts. */
  get open(): boolean {
    return this.rows < MOST_ROWS && this.tokens < MOST_TOKENS;
  }

  add(whole: EncodedRow, cut: CutRow): void {
    if (!this.open) return;
    this.rows++;
    this.tokens += whole.ids.length;
    this.longest = Math.max(this.longest, whole.ids.length);
    if (cut.ids.length < whole.ids.length) this.truncated++;
    if (cut.outcome !== 'kept') this.dropped++;
    this.kept += cut.ids.length;
    this.trained += supervisedCount(cut);
  }

  take(): TokenPreview['summary'] {
    return {
      rows: this.rows,
      mean_length: this.rows === 0 ? 0 : this.tokens / this.rows,
      longest: this.longest,
      trained_share: this.kept === 0 ? 0 : this.trained / this.kept,
      truncated: this.truncated,
      dropped: this.dropped,
    };
  }
}
