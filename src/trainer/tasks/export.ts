import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { assertNever, InputError } from '../../base/errors';
import { linearModules } from '../../engine/models/modules';
import type { ExportRequest } from '../../protocol/tasks';
import { writeMergedFolder } from '../inference/merged';
import { openRun } from '../inference/tunedModel';
import { writePeftFolder } from '../training/peftFolder';
import type { TaskOutput } from './output';

/** Writes the result of a run in another form and prints where it lies. Throws `InputError` or `RunError`. */
export async function exportRun({ run, format, out }: ExportRequest, output: TaskOutput): Promise<void> {
  if (format === 'onnx') {
    throw new InputError({
      what: "the format 'onnx' is not there yet",
      key: '--format',
      expected: 'peft or merged',
    });
  }
  await requireEmpty(out);
  const { tuned } = await openRun(run, {});
  switch (format) {
    case 'peft':
      if (tuned.adapters.size === 0) {
        throw new InputError({
          what: 'full fine-tuning leaves no adapter',
          file: run,
          remedy: 'Export it with --format merged.',
        });
      }
      await fs.mkdir(out, { recursive: true });
      await writePeftFolder(out, tuned.model.source.path, linearModules(tuned.model.config), tuned.adapters);
      break;
    case 'merged': {
      let shown = -1;
      await writeMergedFolder(out, tuned, (fraction) => {
        const percent = Math.floor(fraction * 10) * 10;
        if (percent > shown) output.note(`merging: ${percent} %`);
        shown = Math.max(shown, percent);
      });
      break;
    }
    default:
      assertNever(format);
  }
  output.print(`${path.resolve(out)}\n`);
}

/** Nothing is ever overwritten: the folder is new or empty. */
async function requireEmpty(folder: string): Promise<void> {
  const entries = await fs.readdir(folder).catch(() => []);
  if (entries.length > 0) {
    throw new InputError({
      what: 'the folder is not empty',
      file: folder,
      key: '--out',
      remedy: 'Name another folder.',
    });
  }
}
