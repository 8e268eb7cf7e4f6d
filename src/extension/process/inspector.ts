import { Owner, disposable } from '../../base/disposable';
import { RunError } from '../../base/errors';
import type { Log } from '../log';
import type { InspectorProcess } from './inspectorProcess';

/** How long (ms) the process is kept without work. */
const IDLE = 120_000;

type InspectorCalls = InspectorProcess['calls'];

/**
 * The inspector's process, which is started when first asked, ended when it has been idle, and started anew after it
 * died. Reading a model or a data file so never keeps the editor waiting, and onnxruntime never lies in this process.
 */
export class Inspector extends Owner {
  #running: Promise<InspectorProcess> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #pending = 0;

  constructor(
    private readonly log: Log,
    private readonly cacheFolder: () => string | undefined,
  ) {
    super();
    this.register(disposable(() => this.end('the extension is deactivated')));
  }

  /** The inspector's answers; see `inspectorApi`. */
  readonly calls: InspectorCalls = {
    devices: () => this.ask((calls) => calls.devices()),
    model: (path) => this.ask((calls) => calls.model(path)),
    data: (path, columns) => this.ask((calls) => calls.data(path, columns)),
    preview: (file, source, from, count) => this.ask((calls) => calls.preview(file, source, from, count)),
    spectra: (path) => this.ask((calls) => calls.spectra(path)),
    spectrum: (path, module, quality) => this.ask((calls) => calls.spectrum(path, module, quality)),
    relation: (run, module) => this.ask((calls) => calls.relation(run, module)),
    difference: (base, tuned, module) => this.ask((calls) => calls.difference(base, tuned, module)),
    preflight: (file, overrides) => this.ask((calls) => calls.preflight(file, overrides)),
    estimate: (file, text, device) => this.ask((calls) => calls.estimate(file, text, device)),
    survey: (folders) => this.ask((calls) => calls.survey(folders)),
    caches: () => this.ask((calls) => calls.caches()),
    clearCache: (kind) => this.ask((calls) => calls.clearCache(kind)),
  };

  private async ask<T>(question: (calls: InspectorCalls) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#pending++;
    try {
      const { calls } = await (this.#running ??= this.start());
      return await question(calls);
    } finally {
      this.#pending--;
      if (this.#pending === 0) this.#idle = setTimeout(() => this.end('idle'), IDLE);
    }
  }

  private start(): Promise<InspectorProcess> {
    const starting = (async () => {
      const { startInspector } = await import('./inspectorProcess');
      if (this.disposed) throw new RunError({ what: 'the inspector has ended' });
      return startInspector(this.cacheFolder(), this.log);
    })();
    const forget = (): void => {
      if (this.#running === starting) this.#running = undefined;
    };
    starting.then(({ gone }) => gone).then(forget, forget);
    return starting;
  }

  private end(why: string): void {
    clearTimeout(this.#idle);
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    this.log.debug(`inspector: ending it (${why})`);
    running.then(
      ({ end }) => end(),
      () => undefined,
    );
  }
}
