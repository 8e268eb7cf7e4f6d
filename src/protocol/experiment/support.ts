import { InputError } from '../../base/errors';
import type { ExperimentValues } from './schema/experiment';
import type { KeyPath, Locate } from './source';

/**
 * What the file may say but this version does not do yet: named one by one, each with what is there. Nothing that
 * is asked for is left out in silence.
 */
export function checkSupport(values: ExperimentValues, locate: Locate): InputError[] {
  const errors: InputError[] = [];
  const missing = (path: KeyPath, got: string, there: string): void => {
    errors.push(
      new InputError({
        what: `${got} is not there yet`,
        code: 'unsupported',
        ...locate(path, 'value'),
        key: path.join('.'),
        expected: there,
      }),
    );
  };
  if (values.task !== 'causal-lm') missing(['task'], `the task ${values.task}`, 'causal-lm');
  if (/\.onnx$/iu.test(values.model)) {
    missing(['model'], 'training an .onnx model', 'a folder in Hugging Face form, or a .gguf');
  }
  const { precision, quantization } = values.base;
  if (precision !== 'f32') missing(['base', 'precision'], `a base in ${precision}`, 'f32');
  if (quantization !== 'none') missing(['base', 'quantization'], `a base in ${quantization}`, 'none');
  for (const key of ['train', 'eval'] as const) {
    const files = [values.data[key] ?? []].flat();
    const parquet = files.find((file) => /\.parquet$/iu.test(file));
    if (parquet !== undefined) missing(['data', key], 'reading parquet', 'jsonl, json, csv, tsv or txt');
  }
  return errors;
}
