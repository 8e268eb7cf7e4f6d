import { LAYOUT_CHUNKS, layoutOptions } from '../training/layout';
import { loadRows } from '../training/data';
import { Evaluation } from '../training/evaluation';
import { readExperiment } from '../../protocol/experiment/read';
import type { EvaluateRequest } from '../../protocol/tasks';
import { createRuntime } from '../../runtime/onnxRuntime';
import { inferenceSpec, openBase, openRun } from '../inference/tunedModel';
import { withPlace } from '../places';
import type { TaskOutput } from './output';

/** Evaluates a model on other rows and prints its loss and perplexity. Throws `InputError` or `RunError`. */
export async function evaluate(request: EvaluateRequest, output: TaskOutput): Promise<void> {
  try {
    await evaluateTarget(request, output);
  } catch (thrown) {
    const { kind, path } = request.target;
    throw kind === 'experiment' ? withPlace(thrown, { file: path, copy: path, overrides: [] }) : thrown;
  }
}

async function evaluateTarget({ target, data }: EvaluateRequest, output: TaskOutput): Promise<void> {
  const { tuned, experiment } =
    target.kind === 'run' ? await openRun(target.path, {}) : await openExperiment(target.path);
  const context = { signal: new AbortController().signal, progress: (): void => undefined };
  const rows = await loadRows(experiment.data, [data], tuned.model.tokenizer, context, null);
  const runtime = await createRuntime('cpu', { threads: experiment.threads ?? undefined });
  try {
    const { spec, feeds } = inferenceSpec(tuned, experiment.data.max_length, true);
    const evaluation = await Evaluation.create(
      runtime,
      { ...spec, chunks: LAYOUT_CHUNKS },
      tuned.weightsFolder,
      layoutOptions(experiment, tuned.model),
      experiment.training.batch_size,
    );
    let shown = -1;
    const result = await evaluation.run(
      rows,
      feeds,
      (fraction) => {
        const percent = Math.floor(fraction * 10) * 10;
        if (percent > shown) output.note(`evaluating: ${percent} %`);
        shown = Math.max(shown, percent);
      },
      () => false,
    );
    if (result === undefined) return;
    const { loss, tokens } = result;
    output.print(
      JSON.stringify({ split: 'eval', loss, perplexity: Math.exp(loss), tokens, rows: rows.size }) + '\n',
    );
  } finally {
    await runtime.dispose();
  }
}

async function openExperiment(file: string): Promise<Awaited<ReturnType<typeof openRun>>> {
  const { experiment } = readExperiment(file);
  return { tuned: await openBase(experiment.model, {}), experiment };
}
