import { InputError } from '../../base/errors';
import { linearModules } from '../../engine/models/modules';
import { readExperiment } from '../../protocol/experiment/read';
import { decodeRunRecord } from '../../protocol/run/decode';
import type { PlanRequest } from '../../protocol/tasks';
import { listRuns } from '../../runs/store';
import { chooseDevice } from '../../runtime/devices';
import { createRuntime } from '../../runtime/onnxRuntime';
import { withPlace } from '../places';
import { planExperiment } from '../plan/experimentPlan';
import { planJson, planText } from '../plan/planText';
import { checkExperiment } from '../training/checks';
import { openPretrained } from '../training/model';
import type { TaskOutput } from './output';
import { progressNotes } from './progress';

/** Says what an experiment would do. Throws `InputError` for what would keep it from starting. */
export async function plan(request: PlanRequest, output: TaskOutput): Promise<void> {
  const { file, overrides, runs, compare, json } = request;
  const { experiment, warnings } = readExperiment(file, overrides);
  for (const { what, key } of warnings) output.note(`warning: ${key === undefined ? '' : `${key}: `}${what}`);
  const { method } = experiment.adapter;
  if (compare && method !== 'lamda' && method !== 'lamda++') {
    throw new InputError({
      what: 'there is nothing to compare: only LaMDA has a rank for each module',
      file,
      key: 'adapter.method',
      got: method,
      expected: 'lamda or lamda++',
    });
  }
  const cpu = await createRuntime('cpu', { threads: experiment.threads ?? undefined });
  try {
    const { device, why } = await chooseDevice(experiment.device);
    const progress = progressNotes(output);
    const opened = await openPretrained(experiment.model, {
      onProgress: progress,
      check: (config, path) => checkExperiment(experiment, config, path),
    });
    const found = await planExperiment(experiment, {
      opened,
      device,
      cpu,
      past: listRuns(runs, decodeRunRecord).runs.map(({ record }) => record),
      compare,
      progress,
      signal: new AbortController().signal,
    });
    const shown = { plan: found, device, why, name: experiment.name, modules: linearModules(opened.config) };
    output.print(json ? planJson(shown) : planText(shown));
  } catch (thrown) {
    throw withPlace(thrown, { file, copy: file, overrides });
  } finally {
    await cpu.dispose();
  }
}
