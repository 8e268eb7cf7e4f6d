import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import type { Documents } from '../language/documents';
import { type Mark, marksOf } from './marks';
import type { Outlook } from './outlook';
import type { Outlooks } from './outlooks';
import { sparkPicture } from './sparkline';
import { dataAddress } from './svg';
import { DARK, LIGHT, type PictureColours } from './themeColours';

/** A mark as it is drawn. */
interface Drawn {
  readonly line: number;
  readonly text: string;
  /** Undefined where there is none. */
  readonly picture: Addresses | undefined;
}

/** A picture on light and on dark ground. */
interface Addresses {
  readonly light: string;
  readonly dark: string;
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
  /** What each editor shows: the same is not drawn again. */
  readonly #shown = new WeakMap<vscode.TextEditor, string>();
  /** The pictures of an outlook, by their labels: what is typed elsewhere changes none. */
  readonly #drawn = new WeakMap<Outlook, Map<string, Addresses>>();

  constructor(
    private readonly documents: Documents,
    outlooks: Pick<Outlooks, 'onDidChange'>,
    /** What is known of an experiment's ranks; undefined where spectra are not shown. */
    private readonly outlookOf: (document: vscode.TextDocument) => Outlook | undefined,
  ) {
    super();
    this.register(outlooks.onDidChange((document) => this.draw(document)));
  }

  private draw(document: vscode.TextDocument): void {
    const drawn = this.drawnOf(document);
    // A text that has changed may have moved them.
    const shown = JSON.stringify([document.version, drawn]);
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document !== document || this.#shown.get(editor) === shown) continue;
      this.#shown.set(editor, shown);
      editor.setDecorations(
        this.#pictures,
        drawn.flatMap(({ line, picture }) =>
          picture === undefined
            ? []
            : { range: endOf(document, line), renderOptions: pictureOptions(picture) },
        ),
      );
      editor.setDecorations(
        this.#texts,
        drawn
          .filter(({ text }) => text !== '')
          .map(({ line, text }) => ({
            range: endOf(document, line),
            renderOptions: { after: { contentText: text, margin: '0 0 0 1ch' } },
          })),
      );
    }
  }

  private drawnOf(document: vscode.TextDocument): readonly Drawn[] {
    const outlook = this.outlookOf(document);
    if (outlook === undefined) return [];
    const { entries } = this.documents.get(document);
    return marksOf(entries, outlook).map((mark) => ({
      line: document.positionAt(mark.offset).line,
      text: mark.text,
      picture: mark.sparks.length === 0 ? undefined : this.pictureOf(mark, outlook),
    }));
  }

  private pictureOf(mark: Mark, outlook: Outlook): Addresses {
    const known = this.#drawn.get(outlook) ?? new Map<string, Addresses>();
    this.#drawn.set(outlook, known);
    const key = mark.sparks.map(({ label }) => label).join('\n');
    const picture = known.get(key) ?? { light: addressOf(mark, LIGHT), dark: addressOf(mark, DARK) };
    known.set(key, picture);
    return picture;
  }
}

function endOf(document: vscode.TextDocument, line: number): vscode.Range {
  const { end } = document.lineAt(line).range;
  return new vscode.Range(end, end);
}

function addressOf({ sparks }: Mark, colours: PictureColours): string {
  return dataAddress(sparkPicture(sparks, colours).svg);
}

function pictureOptions({ light, dark }: Addresses): vscode.DecorationInstanceRenderOptions {
  const after = (address: string): vscode.ThemableDecorationAttachmentRenderOptions => ({
    contentIconPath: vscode.Uri.parse(address),
    margin: '0 0 0 2ch',
  });
  return { light: { after: after(light) }, dark: { after: after(dark) } };
}
