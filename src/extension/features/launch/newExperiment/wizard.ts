import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { RowForm } from '../../../../protocol/experiment/types';
import type { Services } from '../../../services';
import { shownFolder } from '../../../vscode/shownFolder';
import { inputStep, pickStep, runSteps, type StepEnd, type StepWay } from '../../../vscode/steps';
import { sampleSource } from '../sample';
import { type Method, METHODS } from './methods';
import { collectData, collectModels, evaluationBeside, ownFirst, problemOfName, proposeName } from './places';
import { type Proposal, proposeRowForms } from './rowForms';

/** What the user has answered. Paths are absolute. */
export interface Answers {
  readonly model: string;
  /** How many positions the model has. */
  readonly positions: number;
  readonly train: string;
  readonly evaluation: string | undefined;
  readonly form: RowForm;
  readonly method: Method;
  readonly name: string;
}

const TITLE = 'New Experiment';
const STEPS = 5;
/** The sample's data: the rows that are learnt from first. */
const SAMPLE_DATA = ['moby-dick.train.jsonl', 'moby-dick.eval.jsonl'];
const MODELS = '**/{config.json,*.safetensors,*.gguf}';
const DATA = '**/*.{jsonl,json,csv,tsv,txt}';
const ELSEWHERE = '**/{node_modules,runs,.git,.trash}/**';
/** More files than this are not offered: they can be browsed for. */
const MOST_FILES = 5000;

interface PathItem extends vscode.QuickPickItem {
  /** Undefined: it is to be browsed for. */
  readonly path: string | undefined;
}

/** Asks for everything that an experiment needs; undefined where the user changed their mind. */
export async function askForExperiment(services: Services, folder: string): Promise<Answers | undefined> {
  const sample = sampleSource(services.context).fsPath;
  const own = collectData(await findFiles(DATA));
  const dataFiles = [...own, ...SAMPLE_DATA.map((name) => path.join(sample, 'data', name))];
  const rows: PathItem[] = [...ownFirst(own, folder).map(pathItem), sampleRows(dataFiles[own.length] ?? '')];
  const models = await modelItems(sample, folder);
  let model = '';
  let positions = 0;
  let train = '';
  let forms: Proposal[] = [];
  let form: RowForm | undefined;
  let method: Method | undefined;
  let name = '';
  const place = (step: number) => ({ title: TITLE, step, totalSteps: STEPS });
  const finished = await runSteps([
    async () => {
      const end = await pathStep(place(1), 'Which model is to be tuned?', models, BROWSE_MODEL);
      return readIn(services, 'Reading the model', end, async (answer) => {
        ({ positions } = await services.inspector.calls.model(answer));
        model = answer;
      });
    },
    async () => {
      const end = await pathStep(place(2), 'Which file has the training rows?', rows, BROWSE_DATA);
      return readIn(services, 'Looking into the data', end, async (answer) => {
        const { columns, chat } = await services.inspector.calls.data(answer, []);
        forms = proposeRowForms(columns, chat);
        train = answer;
      });
    },
    async () =>
      taken(await pickStep(place(3), 'How does a row become text?', forms), (answer) => {
        form = answer.form;
      }),
    async () => {
      const chosen = (item: { method: Method }): boolean => item.method === method;
      const items = METHODS.map((offer) => ({ ...offer }));
      return taken(await pickStep(place(4), 'What is trained, and how?', items, chosen), (answer) => {
        method = answer.method;
      });
    },
    async () => {
      const prompt = 'The name of the experiment, and of its file';
      const exists = (file: string): boolean => fs.existsSync(path.join(folder, file));
      const problem = (text: string): string | undefined => problemOfName(text, exists);
      const value = name === '' ? freeName(proposeName(train, method ?? ''), exists) : name;
      return taken(await inputStep(place(5), { prompt, value, problem }), (answer) => {
        name = answer.trim();
      });
    },
  ]);
  if (!finished || form === undefined || method === undefined) return undefined;
  return { model, positions, train, evaluation: evaluationBeside(train, dataFiles), form, method, name };
}

function taken<T>(end: StepEnd<T>, take: (answer: T) => void): StepWay {
  if (typeof end === 'string') return end;
  take(end.answer);
  return 'next';
}

/** Takes an answer that is to be read first: where it cannot be, says why and asks again. */
async function readIn<T>(
  { commands }: Services,
  title: string,
  end: StepEnd<T>,
  read: (answer: T) => Promise<void>,
): Promise<StepWay> {
  if (typeof end === 'string') return end;
  const location = vscode.ProgressLocation.Window;
  try {
    await vscode.window.withProgress({ location, title }, () => read(end.answer));
    return 'next';
  } catch (thrown) {
    void commands.show(thrown);
    return 'again';
  }
}

const BROWSE_MODEL: vscode.OpenDialogOptions = {
  title: 'The Model’s Folder, or a GGUF File',
  openLabel: 'Take This Model',
  canSelectFiles: true,
  canSelectFolders: true,
};

const BROWSE_DATA: vscode.OpenDialogOptions = {
  title: 'The File with the Training Rows',
  openLabel: 'Take This File',
  filters: { 'Rows of data': ['jsonl', 'json', 'csv', 'tsv', 'txt'] },
};

/** Offers paths, and to browse for another; who changes their mind while browsing is asked again. */
async function pathStep(
  place: { title: string; step: number; totalSteps: number },
  placeholder: string,
  known: readonly PathItem[],
  browse: vscode.OpenDialogOptions,
): Promise<StepEnd<string>> {
  const items: PathItem[] = [
    ...known,
    { label: '$(folder-opened) Browse…', alwaysShow: true, path: undefined },
  ];
  for (;;) {
    const end = await pickStep(place, placeholder, items);
    if (typeof end === 'string') return end;
    if (end.answer.path !== undefined) return { answer: end.answer.path };
    const [chosen] = (await vscode.window.showOpenDialog(browse)) ?? [];
    if (chosen !== undefined) return { answer: chosen.fsPath };
  }
}

async function modelItems(sample: string, folder: string): Promise<PathItem[]> {
  const item: PathItem = {
    label: '$(beaker) The sample’s model',
    description: '1.2 million parameters; trains in half a minute',
    path: path.join(sample, 'model'),
  };
  return [...ownFirst(collectModels(await findFiles(MODELS)), folder).map(pathItem), item];
}

function sampleRows(file: string): PathItem {
  return {
    label: '$(beaker) The sample’s rows',
    description: 'from Moby-Dick, one paragraph each',
    path: file,
  };
}

function pathItem(file: string): PathItem {
  return {
    label: path.basename(file),
    description: shownFolder(file),
    path: file,
  };
}

async function findFiles(glob: string): Promise<string[]> {
  const found = await vscode.workspace.findFiles(glob, ELSEWHERE, MOST_FILES);
  return found.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
}

/** The name, or the first of `name-2`, `name-3`, … of which there is no file. */
function freeName(name: string, exists: (file: string) => boolean): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (!exists(`${candidate}.tune.yaml`)) return candidate;
  }
}
