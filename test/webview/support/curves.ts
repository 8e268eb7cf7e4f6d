import { Emitter } from '../../../src/base/emitter';
import { CurvesSession } from '../../../src/extension/features/curves/session';
import { addRuns, listOfSource, removeRun, showRun } from '../../../src/extension/features/curves/list';
import type { RunSummary } from '../../../src/runs/survey/summary';
import { curvesHostApi, curvesPanelApi, type CurvesList } from '../../../src/protocol/panels/curves';
import { type Calls, type Channel, connect, type Peer } from '../../../src/protocol/rpc';

/** The host of a panel of curves, over the same session as in the extension; what it would ask VS Code for is kept. */
export class CurvesHost {
  readonly acts: string[] = [];
  readonly saved: { svg?: string; png?: Uint8Array; csv?: string } = {};
  readonly session: CurvesSession;
  readonly errors: Error[] = [];
  readonly changed = new Emitter<void>();
  patches = 0;
  #peer: Peer<typeof curvesPanelApi> | undefined;

  constructor(
    readonly runs: RunSummary[],
    list: CurvesList = listOfSource(runs[0]?.source ?? ''),
  ) {
    this.session = new CurvesSession(
      {
        onDidChange: this.changed.event,
        get: (folder) => this.runs.find((run) => run.folder === folder),
        runsOf: (source) => this.runs.filter((run) => run.source === source),
      },
      {
        post: (patch) => {
          this.patches++;
          this.#peer?.calls.patch(patch).catch((error: unknown) => {
            this.errors.push(error instanceof Error ? error : new Error(String(error)));
          });
        },
        onError: (error) => this.errors.push(error),
      },
      list,
    );
  }

  connect(channel: Channel): void {
    this.#peer = connect(curvesHostApi, this.handlers(), curvesPanelApi, channel, {
      onError: (error) => this.errors.push(error),
    });
  }

  dispose(): void {
    this.#peer?.dispose();
    this.session.dispose();
  }

  private handlers(): Calls<typeof curvesHostApi> {
    const { session } = this;
    const change = (list: CurvesList): Promise<void> => {
      session.list = list;
      return Promise.resolve();
    };
    return {
      ready: (look) => session.snapshot(look),
      look: (look) => session.snapshot(look),
      act: (action, folder) => {
        this.acts.push(`${action} ${folder}`);
        return Promise.resolve();
      },
      show: (folder, shown) => change(showRun(session.list, folder, shown)),
      remove: (folder) => change(removeRun(session.list, folder)),
      add: () =>
        change(
          addRuns(
            session.list,
            this.runs.map(({ folder }) => folder),
          ),
        ),
      pin: (pinned) => change({ ...session.list, pinned }),
      saveSvg: (text) => {
        this.saved.svg = text;
        return Promise.resolve(true);
      },
      savePng: (bytes) => {
        this.saved.png = bytes;
        return Promise.resolve(true);
      },
      saveCsv: async (look, wanted) => {
        this.saved.csv = await session.csv(look, wanted);
        return true;
      },
    };
  }
}
