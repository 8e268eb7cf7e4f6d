import * as vscode from 'vscode';
import type { Services } from '../../services';
import { EXPERIMENTS } from '../../vscode/experiments';
import { Estimates } from '../inline/estimates';
import { InlineSpectra } from '../inline/inlineSpectra';
import type { Outlook } from '../inline/outlook';
import { Outlooks } from '../inline/outlooks';
import type { World } from './checks';
import { CodeActionProvider } from './codeActions';
import { CompletionProvider, TRIGGERS } from './completion';
import { Diagnostics } from './diagnostics';
import { Documents } from './documents';
import { Facts } from './facts';
import { Files } from './files';
import { HoverProvider } from './hovers';
import { Plans } from './plans';
import { FoldingProvider, LinkProvider, OutlineProvider } from './structure';
import type { CompletionWorld } from './suggest/complete';

/**
 * Experiments as a language: what is wrong with them and how to mend it, what may be written, what it means, what
 * the ranks in it keep of the weights, and what a run would take.
 */
export function registerLanguage(services: Services): vscode.Disposable {
  const { inspector, log, plans, settings } = services;
  const files = new Files();
  const documents = new Documents();
  const facts = new Facts(inspector.calls, files, (error) => log.error(error));
  // Models and data of a workspace that is not trusted are not read.
  const world: World & CompletionWorld = {
    kind: (path) => files.kind(path),
    list: (folder) => files.list(folder),
    names: async (folder) => (await files.list(folder)).map(({ name }) => name),
    model: async (path) => (vscode.workspace.isTrusted ? facts.model(path) : undefined),
    data: async (path, columns) => (vscode.workspace.isTrusted ? facts.data(path, columns) : undefined),
  };
  const estimates = new Estimates(inspector.calls, (error) => log.error(error));
  const outlooks = new Outlooks(services, documents, facts, estimates);
  const outlookOf = (document: vscode.TextDocument): Outlook | undefined =>
    settings.inlineSpectra() ? outlooks.of(document)?.outlook : undefined;
  const diagnostics = new Diagnostics(documents, world, estimates, log);
  const { languages } = vscode;
  return vscode.Disposable.from(
    diagnostics,
    outlooks,
    estimates,
    new InlineSpectra(documents, outlooks, outlookOf),
    new Plans(plans, outlooks, estimates),
    languages.registerCompletionItemProvider(
      EXPERIMENTS,
      new CompletionProvider(documents, world),
      ...TRIGGERS,
    ),
    languages.registerHoverProvider(EXPERIMENTS, new HoverProvider(documents, world, outlookOf)),
    languages.registerCodeActionsProvider(EXPERIMENTS, new CodeActionProvider(documents, diagnostics), {
      providedCodeActionKinds: CodeActionProvider.kinds,
    }),
    languages.registerDocumentSymbolProvider(EXPERIMENTS, new OutlineProvider(documents), {
      label: 'Eigenloom',
    }),
    languages.registerFoldingRangeProvider(EXPERIMENTS, new FoldingProvider(documents)),
    languages.registerDocumentLinkProvider(EXPERIMENTS, new LinkProvider(documents, files)),
  );
}
