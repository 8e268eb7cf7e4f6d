import * as vscode from 'vscode';
import { disposable, Owner } from '../../../base/disposable';
import type { Log } from '../../log';
import { isExperiment } from '../../vscode/experiments';
import type { Analysis } from './analysis';
import type { Estimates } from '../inline/estimates';
import { carryOver } from './carry';
import { checkWorld, type World } from './checks';
import { type Documents, rangeOf } from './documents';
import { memoryProblem } from './memory';
import type { Problem } from './problems';
import { relatedTo } from './related';

/** How long (ms) after the last keystroke the files that an experiment names are looked at. */
const PAUSE = 300;

/** Problems, and the text that they stand in. */
interface Found {
  readonly text: string;
  readonly problems: readonly Problem[];
}

const NOTHING: Found = { text: '', problems: [] };

/** What is known of an open experiment beyond its text. */
interface Looked {
  timer: NodeJS.Timeout | undefined;
  /** What models and data show, and what a run would take. */
  files: Found;
  memory: Found;
}

/**
 * Shows what is wrong in experiments: what the text shows at once, what models, data files and the machine show after a
 * pause. The latter stay where they are while one types elsewhere.
 */
export class Diagnostics extends Owner {
  readonly #shown = this.register(vscode.languages.createDiagnosticCollection('eigenloom'));
  readonly #looked = new Map<string, Looked>();

  constructor(
    private readonly documents: Documents,
    private readonly world: World,
    private readonly estimates: Pick<Estimates, 'of' | 'onDidChange'>,
    private readonly log: Log,
  ) {
    super();
    const { workspace } = vscode;
    this.register(estimates.onDidChange((file) => this.lookAtMemory(file)));
    this.register(workspace.onDidOpenTextDocument((document) => this.look(document)));
    this.register(workspace.onDidChangeTextDocument(({ document }) => this.look(document)));
    this.register(workspace.onDidCloseTextDocument((document) => this.forget(document)));
    this.register(workspace.onDidGrantWorkspaceTrust(() => this.lookAtAll()));
    // A file that was missing may have been put there.
    this.register(vscode.window.onDidChangeWindowState(({ focused }) => focused && this.lookAtAll()));
    // Reading the first experiment compiles the schema: not while the extension is being activated.
    const first = setImmediate(() => this.lookAtAll());
    this.register(disposable(() => clearImmediate(first)));
  }

  /** The problems of a document as they are shown now, those that the files show too. */
  problemsOf(document: vscode.TextDocument): readonly Problem[] {
    const analysis = this.documents.get(document);
    const looked = this.#looked.get(document.uri.toString());
    const { files, memory } = looked ?? { files: NOTHING, memory: NOTHING };
    return [
      ...analysis.problems,
      ...[files, memory].flatMap(({ problems, text }) => carryOver(problems, text, analysis.text)),
    ];
  }

  override dispose(): void {
    for (const { timer } of this.#looked.values()) clearTimeout(timer);
    this.#looked.clear();
    super.dispose();
  }

  private lookAtAll(): void {
    for (const document of vscode.workspace.textDocuments) this.look(document);
  }

  private look(document: vscode.TextDocument): void {
    if (!isExperiment(document)) return;
    const key = document.uri.toString();
    const looked = this.#looked.get(key) ?? { timer: undefined, files: NOTHING, memory: NOTHING };
    this.#looked.set(key, looked);
    clearTimeout(looked.timer);
    looked.timer = setTimeout(() => void this.lookAround(document, looked), PAUSE);
    this.show(document);
  }

  private async lookAround(document: vscode.TextDocument, looked: Looked): Promise<void> {
    const analysis = this.documents.get(document);
    try {
      const problems = await checkWorld(analysis, this.world);
      if (document.isClosed || this.#looked.get(document.uri.toString()) !== looked) return;
      looked.files = { text: analysis.text, problems };
      this.show(document);
    } catch (thrown) {
      this.log.error(thrown instanceof Error ? thrown : String(thrown));
    }
  }

  /** What a run of the text as it stands would take too much; what is known of an earlier one stays until then. */
  private lookAtMemory(file: string): void {
    const known = this.estimates.of(file);
    if (known?.current === false) return;
    for (const document of vscode.workspace.textDocuments) {
      const looked = this.#looked.get(document.uri.toString());
      if (document.uri.fsPath !== file || looked === undefined) continue;
      const analysis = this.documents.get(document);
      const problem = known && memoryProblem(analysis, known.estimate);
      looked.memory = { text: analysis.text, problems: problem === undefined ? [] : [problem] };
      this.show(document);
    }
  }

  private show(document: vscode.TextDocument): void {
    const analysis = this.documents.get(document);
    this.#shown.set(
      document.uri,
      this.problemsOf(document).map((problem) => diagnosticOf(problem, document, analysis)),
    );
  }

  private forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#looked.get(key)?.timer);
    this.#looked.delete(key);
    this.#shown.delete(document.uri);
  }
}

function diagnosticOf(
  problem: Problem,
  document: vscode.TextDocument,
  analysis: Analysis,
): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(
    rangeOf(document, problem.span),
    problem.message,
    problem.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  diagnostic.source = 'eigenloom';
  diagnostic.code = problem.code;
  if (problem.unnecessary) diagnostic.tags = [vscode.DiagnosticTag.Unnecessary];
  const related = relatedTo(problem, analysis);
  if (related.length > 0) {
    diagnostic.relatedInformation = related.map(
      ({ span, message }) =>
        new vscode.DiagnosticRelatedInformation(
          new vscode.Location(document.uri, rangeOf(document, span)),
          message,
        ),
    );
  }
  return diagnostic;
}
