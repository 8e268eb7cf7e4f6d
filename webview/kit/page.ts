import { toError } from '../../src/base/errors';
import { el, setShown, setText } from './dom';
import { pngOf } from './pictures';
import { onThemeChange, readTheme } from './theme';
import type { Theme } from './themeColours';

/** Where a page has its pictures saved. */
interface PictureHost {
  saveSvg(text: string): Promise<boolean>;
  savePng(bytes: Uint8Array): Promise<boolean>;
}

/** What the page of every panel does: draws once a frame, follows the theme, and says what its host could not do. */
export abstract class Page {
  /** What the host could not do. */
  protected readonly problem = el('p', { class: 'error', role: 'alert', hidden: true });
  #theme = readTheme();
  #drawing = false;

  constructor() {
    onThemeChange(() => {
      this.#theme = readTheme();
      this.draw();
    });
  }

  protected get theme(): Theme {
    return this.#theme;
  }

  /** Draws the state as it is now. */
  protected abstract drawNow(): void;

  /** Draws with the next frame, however much has changed until then. */
  protected draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.drawNow();
    });
  }

  /** Says so where the host could not do what it was asked. */
  protected ask(answer: Promise<unknown>): void {
    answer.then(
      () => setShown(this.problem, false),
      (thrown: unknown) => {
        setText(this.problem, toError(thrown).message);
        setShown(this.problem, true);
      },
    );
  }

  /** Has a picture saved as vectors or as pixels. */
  protected async savePicture(host: PictureHost, form: 'svg' | 'png', svg: string): Promise<void> {
    if (form === 'svg') await host.saveSvg(svg);
    else await host.savePng(await pngOf(svg));
  }
}
