import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { disposable, Owner } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import { EigenloomError, toError } from '../../../base/errors';
import type { ModelInfo, WeightSpectrum } from '../../../protocol/inspector';
import { resolveExperiment } from '../../../protocol/experiment/resolve';
import type { Services } from '../../services';
import { isExperiment } from '../../vscode/experiments';
import type { Documents } from '../language/documents';
import type { Facts } from '../language/facts';
import { openExperiment, type OpenedSubject } from '../spectra/subject';
import type { Estimates } from './estimates';
import { type KnownSpectrum, knownSpectrum } from './knownSpectrum';
import { type Outlook, outlookOf } from './outlook';

/** How long (ms) after a keystroke an experiment is looked at anew. */
const REST = 120;
/** The shortest time (ms) between two looks while spectra come in. */
const LOOK_EVERY = 500;

/** The spectra of a model's layers, by path, and how often there was another. */
interface ModelSpectra {
  readonly byPath: Map<string, KnownSpectrum>;
  version: number;
}

/** What is known of an open experiment beyond its text. */
export interface Look {
  /** Numbers of the whole model. */
  readonly parameters: number;
  /** Undefined where every weight is trained. */
  readonly outlook: Outlook | undefined;
}

interface Followed {
  timer: NodeJS.Timeout | undefined;
  /** What `opened` was read from: the same is not read again. */
  key: string;
  info: ModelInfo | undefined;
  opened: OpenedSubject | undefined;
  look: Look | undefined;
  /** Of what `look` was made. */
  madeOf: { readonly opened: OpenedSubject; readonly version: number } | undefined;
  /** Of which layers the spectra are being found. */
  finding: string;
  work: AbortController | undefined;
}

/**
 * Follows the experiments that are open: what they adapt, what the spectra of that are, which are found in the
 * background, and what it comes to. While a text has faults, what was known before them stands.
 */
export class Outlooks extends Owner {
  readonly #changed = this.register(new Emitter<vscode.TextDocument>());
  readonly #followed = new Map<string, Followed>();
  /** By what a model is, as long as its files do not change: experiments of one model share them. */
  readonly #spectra = new WeakMap<ModelInfo, ModelSpectra>();

  /** Tells the document of which something else is known, or whose text has changed. */
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly services: Services,
    private readonly documents: Documents,
    private readonly facts: Facts,
    private readonly estimates: Estimates,
  ) {
    super();
    const { window, workspace } = vscode;
    this.register(window.onDidChangeVisibleTextEditors(() => this.lookAtAll()));
    this.register(workspace.onDidChangeTextDocument(({ document }) => this.lookSoon(document, REST)));
    this.register(workspace.onDidCloseTextDocument((document) => this.forget(document)));
    this.register(workspace.onDidGrantWorkspaceTrust(() => this.lookAtAll()));
    this.register(services.settings.onDidChange(() => this.lookAtAll()));
    this.register(services.spectra.onDidFind(({ model, spectrum }) => this.improve(model, spectrum)));
    this.register(window.onDidChangeWindowState(({ focused }) => focused && estimates.refresh()));
    this.register(
      disposable(() => {
        for (const followed of this.#followed.values()) end(followed);
      }),
    );
    this.lookAtAll();
  }

  /** What is known of an experiment; undefined while nothing is. */
  of(document: vscode.TextDocument): Look | undefined {
    const followed = this.#followed.get(document.uri.toString());
    return followed && this.lookAt(followed);
  }

  private lookAtAll(): void {
    for (const { document } of vscode.window.visibleTextEditors) this.lookSoon(document, 0);
  }

  private lookSoon(document: vscode.TextDocument, rest: number): void {
    if (!isExperiment(document)) return;
    const key = document.uri.toString();
    const followed = this.#followed.get(key) ?? {
      timer: undefined,
      key: '',
      info: undefined,
      opened: undefined,
      look: undefined,
      madeOf: undefined,
      finding: '',
      work: undefined,
    };
    this.#followed.set(key, followed);
    clearTimeout(followed.timer);
    followed.timer = setTimeout(() => void this.read(document, followed), rest);
  }

  private async read(document: vscode.TextDocument, followed: Followed): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const { parsed, file, text } = this.documents.get(document);
    // What is wrong with the text is told where it stands.
    if (parsed.values === undefined) return;
    try {
      const inItsFolder = (path: string): string => resolve(dirname(file), path);
      const experiment = resolveExperiment(parsed.values, basename(file), inItsFolder);
      const info = await this.facts.modelOrThrow(experiment.model);
      const key = JSON.stringify([experiment.model, experiment.adapter]);
      if (followed.info !== info || followed.key !== key) {
        const opened = await openExperiment(parsed, file, () => Promise.resolve(info));
        // The spectra of a model that was changed are others.
        if (followed.info !== info) endWork(followed);
        Object.assign(followed, { info, key, opened } satisfies Partial<Followed>);
      }
      if (document.isClosed || this.disposed) return;
      this.estimates.ask(file, text, experiment);
      this.#changed.fire(document);
      this.find(document, followed);
    } catch (thrown) {
      this.note(thrown);
    }
  }

  private find(document: vscode.TextDocument, followed: Followed): void {
    const { opened, info } = followed;
    if (opened?.adapter === undefined || info === undefined || !this.services.settings.inlineSpectra()) {
      endWork(followed);
      return;
    }
    const spectra = this.spectraOf(info);
    const lacking = opened.adapted.filter(({ path }) => !spectra.byPath.has(path));
    const finding = [opened.model, ...opened.adapted.map(({ path }) => path)].join('\n');
    if (lacking.length === 0 || followed.finding === finding) return;
    endWork(followed);
    const work = new AbortController();
    Object.assign(followed, { finding, work } satisfies Partial<Followed>);
    let looked = 0;
    const found = (spectrum: WeightSpectrum, done: number, total: number): void => {
      keep(spectra, spectrum, opened);
      if (done < total && performance.now() - looked < LOOK_EVERY) return;
      looked = performance.now();
      this.#changed.fire(document);
    };
    this.services.spectra
      .find(opened.model, lacking, found, work.signal, false)
      .then(() => this.#changed.fire(document))
      .catch((thrown: unknown) => {
        if (work.signal.aborted) return;
        // The next look tries again.
        followed.finding = '';
        this.note(thrown);
      });
  }

  /** Takes up what others had found: all values in place of the top ones. */
  private improve(model: string, spectrum: WeightSpectrum): void {
    if (!spectrum.exact) return;
    for (const followed of this.#followed.values()) {
      const { opened, info } = followed;
      if (opened?.model !== model || info === undefined) continue;
      const spectra = this.spectraOf(info);
      const known = spectra.byPath.get(spectrum.module);
      if (known !== undefined && known.effectiveRank === undefined) keep(spectra, spectrum, opened);
    }
  }

  /** The newest look that can be had: of a budget that pays for no ranks the one before. */
  private lookAt(followed: Followed): Look | undefined {
    const { opened, info, madeOf } = followed;
    if (opened === undefined || info === undefined) return undefined;
    const { byPath, version } = this.spectraOf(info);
    if (madeOf?.opened === opened && madeOf.version === version) return followed.look;
    followed.madeOf = { opened, version };
    try {
      const { adapter, adapted } = opened;
      const outlook = adapter && outlookOf(adapter, adapted, byPath);
      followed.look = { parameters: info.parameters, outlook };
    } catch (thrown) {
      this.note(thrown);
    }
    return followed.look;
  }

  private spectraOf(info: ModelInfo): ModelSpectra {
    const spectra = this.#spectra.get(info) ?? { byPath: new Map<string, KnownSpectrum>(), version: 0 };
    this.#spectra.set(info, spectra);
    return spectra;
  }

  private forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    const followed = this.#followed.get(key);
    if (followed !== undefined) end(followed);
    this.#followed.delete(key);
    this.estimates.forget(document.uri.fsPath);
  }

  private note(thrown: unknown): void {
    const error = toError(thrown);
    const expected = error instanceof EigenloomError && error.kind === 'input';
    this.services.log[expected ? 'debug' : 'warn'](`outlook: ${error.message}`);
  }
}

function keep(spectra: ModelSpectra, spectrum: WeightSpectrum, { layers }: OpenedSubject): void {
  const layer = layers.find(({ path }) => path === spectrum.module);
  if (layer === undefined) return;
  spectra.byPath.set(spectrum.module, knownSpectrum(spectrum, Math.min(layer.inputs, layer.outputs)));
  spectra.version++;
}

function end(followed: Followed): void {
  clearTimeout(followed.timer);
  endWork(followed);
}

function endWork(followed: Followed): void {
  followed.work?.abort();
  followed.finding = '';
}
