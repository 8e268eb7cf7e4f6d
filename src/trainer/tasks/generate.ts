import type { GenerateRequest } from '../../protocol/tasks';
import { createRuntime } from '../../runtime/onnxRuntime';
import { Generator } from '../inference/generator';
import { openBase, openRun } from '../inference/tunedModel';
import type { TaskOutput } from './output';

/** Answers a prompt and prints the answer as it comes. Throws `InputError` or `RunError`. */
export async function generate(request: GenerateRequest, output: TaskOutput): Promise<void> {
  const { target, prompt, maxNewTokens, temperature, seed } = request;
  const tuned =
    target.kind === 'run' ? (await openRun(target.path, {})).tuned : await openBase(target.path, {});
  const runtime = await createRuntime('cpu');
  try {
    const tokens = tuned.model.tokenizer.encode(prompt, { special: true }).length;
    const generator = await Generator.create(runtime, tuned, tokens + maxNewTokens);
    for await (const text of generator.generate(prompt, { maxNewTokens, temperature, seed }))
      output.print(text);
    output.print('\n');
  } finally {
    await runtime.dispose();
  }
}
