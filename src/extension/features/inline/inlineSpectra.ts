import * as vscode from 'vscode';
import { disposable, Owner } from '../../../base/disposable';
import { EigenloomError, toError } from '../../../base/errors';
import type { WeightSpectrum } from '../../../protocol/inspector';
import type { Services } from '../../services';
import { isExperiment } from '../../vscode/experiments';
import type { Documents } from '../language/documents';
import type { Facts } from '../language/facts';
import { openExperiment, type OpenedSubject } from '../spectra/subject';
import { type Mark, marksOf } from './marks';
import { DARK, dataAddress, LIGHT, sparkSvg } from './sparkline';

/** How long (ms) after a keystroke what stands behind the lines is drawn anew. */
const REST = 120;
/** The shortest time (ms) between two drawings while spectra come in. */
const DRAW_EVERY = 500;

/** An experiment in an editor, and what is known of its model. */
interface Followed {
  opened: OpenedSubject | undefined;
  /** Of which model and layers the spectra are. */
  key: string;
  readonly spectra: Map<string, WeightSpectrum>;
  work: AbortController | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Spectra in the lines of an experiment: at the end of the rank's and the target modules' lines a small picture with
 * the cut at the rank, and how much of the energy it keeps. The lines themselves stay as they are.
 */
export class InlineSpectra extends Owner {
  readonly #pictures = this.register(vscode.window.createTextEditorDecorationType({}));
  readonly #texts = this.register(
    vscode.window.createTextEditorDecorationType({
      after: { color: new vscode.ThemeColor('editorCodeLens.foreground'), fontStyle: 'normal' },
    }),
  );
  readonly #followed = new Map<string, Followed>();

  constructor(
    private readonly services: Services,
    private readonly documents: Documents,
    private readonly facts: Facts,
  ) {
    super();
    const { window, workspace } = vscode;
    this.register(window.onDidChangeVisibleTextEditors(() => this.lookAtAll()));
    this.register(workspace.onDidChangeTextDocument(({ document }) => this.look(document, REST)));
    this.register(workspace.onDidCloseTextDocument((document) => this.forget(document)));
    this.register(workspace.onDidGrantWorkspaceTrust(() => this.lookAtAll()));
    this.register(services.settings.onDidChange(() => this.lookAtAll()));
    this.register(
      disposable(() => {
        for (const followed of this.#followed.values()) end(followed);
      }),
    );
    this.lookAtAll();
  }

  private get wanted(): boolean {
    return vscode.workspace.isTrusted && this.services.settings.inlineSpectra();
  }

  private lookAtAll(): void {
    for (const { document } of vscode.window.visibleTextEditors) this.look(document, 0);
  }

  private look(document: vscode.TextDocument, rest: number): void {
    if (!isExperiment(document)) return;
    const key = document.uri.toString();
    const followed = this.#followed.get(key) ?? {
      opened: undefined,
      key: '',
      spectra: new Map<string, WeightSpectrum>(),
      work: undefined,
      timer: undefined,
    };
    this.#followed.set(key, followed);
    clearTimeout(followed.timer);
    followed.timer = setTimeout(() => void this.read(document, followed), rest);
  }

  private async read(document: vscode.TextDocument, followed: Followed): Promise<void> {
    if (!this.wanted) {
      end(followed);
      this.show(document, []);
      return;
    }
    try {
      const { parsed, file } = this.documents.get(document);
      const opened = await openExperiment(parsed, file, (model) => this.facts.modelOrThrow(model));
      if (document.isClosed || this.disposed) return;
      followed.opened = opened;
      this.draw(document, followed);
      this.find(document, followed, opened);
    } catch (thrown) {
      // What is wrong with the text is told where it stands; what was drawn stays until it can be read again.
      this.note(thrown);
    }
  }

  private find(
    document: vscode.TextDocument,
    followed: Followed,
    { model, adapted, adapter }: OpenedSubject,
  ): void {
    const key = [model, ...adapted.map(({ path }) => path)].join('\n');
    if (adapter === undefined || followed.key === key) return;
    end(followed);
    const work = new AbortController();
    Object.assign(followed, { key, work });
    followed.spectra.clear();
    let drawn = 0;
    const found = (spectrum: WeightSpectrum, done: number, total: number): void => {
      followed.spectra.set(spectrum.module, spectrum);
      if (done < total && performance.now() - drawn < DRAW_EVERY) return;
      drawn = performance.now();
      this.draw(document, followed);
    };
    this.services.spectra
      .find(model, adapted, found, work.signal, false)
      .then(() => this.draw(document, followed))
      .catch((thrown: unknown) => {
        if (work.signal.aborted) return;
        // The next look tries again.
        followed.key = '';
        this.note(thrown);
      });
  }

  private draw(document: vscode.TextDocument, { opened, spectra }: Followed): void {
    if (opened?.adapter === undefined) {
      this.show(document, []);
      return;
    }
    const { entries } = this.documents.get(document);
    try {
      this.show(document, marksOf(entries, { adapter: opened.adapter, layers: opened.adapted, spectra }));
    } catch (thrown) {
      this.note(thrown);
    }
  }

  private show(document: vscode.TextDocument, marks: readonly Mark[]): void {
    const at = (mark: Mark): vscode.Range => {
      const { end: place } = document.lineAt(document.positionAt(mark.offset)).range;
      return new vscode.Range(place, place);
    };
    const pictures = marks
      .filter(({ sparks }) => sparks.length > 0)
      .map((mark) => ({ range: at(mark), renderOptions: pictureOf(mark) }));
    const texts = marks
      .filter(({ text }) => text !== '')
      .map((mark) => ({
        range: at(mark),
        renderOptions: { after: { contentText: mark.text, margin: '0 0 0 1ch' } },
      }));
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document !== document) continue;
      editor.setDecorations(this.#pictures, pictures);
      editor.setDecorations(this.#texts, texts);
    }
  }

  private forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    const followed = this.#followed.get(key);
    if (followed !== undefined) end(followed);
    this.#followed.delete(key);
  }

  private note(thrown: unknown): void {
    const error = toError(thrown);
    const expected = error instanceof EigenloomError && error.kind === 'input';
    this.services.log[expected ? 'debug' : 'warn'](`inline spectra: ${error.message}`);
  }
}

function end(followed: Followed): void {
  clearTimeout(followed.timer);
  followed.work?.abort();
  followed.key = '';
}

function pictureOf({ sparks }: Mark): vscode.DecorationInstanceRenderOptions {
  const after = (colours: typeof LIGHT): vscode.ThemableDecorationAttachmentRenderOptions => ({
    contentIconPath: vscode.Uri.parse(dataAddress(sparkSvg(sparks, colours))),
    margin: '0 0 0 2ch',
  });
  return { light: { after: after(LIGHT) }, dark: { after: after(DARK) } };
}
