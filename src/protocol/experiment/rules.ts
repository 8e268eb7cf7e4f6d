import { InputError, type ErrorFacts } from '../../base/errors';
import { isRecord } from '../../base/guards';
import type { ExperimentValues } from './schema/experiment';
import type { KeyPath, Locate } from './source';

/** What the rules between keys find. Warnings are what has no effect; errors are what cannot be meant. */
export interface RuleFindings {
  readonly errors: InputError[];
  readonly warnings: ErrorFacts[];
}

interface Rules extends RuleFindings {
  readonly values: ExperimentValues;
  /** True where the file (or an override) has the key, default or not. */
  readonly given: (...path: string[]) => boolean;
  readonly error: (path: KeyPath, facts: ErrorFacts) => void;
  readonly noEffect: (path: KeyPath, why: string) => void;
}

/**
 * Checks the rules that span keys. `raw` is the file before defaults were filled in: it tells what was written.
 */
export function checkRules(values: ExperimentValues, raw: unknown, locate: Locate): RuleFindings {
  const errors: InputError[] = [];
  const warnings: ErrorFacts[] = [];
  const rules: Rules = {
    values,
    errors,
    warnings,
    given: (...path) => {
      let value = raw;
      for (const step of path) {
        if (!isRecord(value) || !Object.hasOwn(value, step)) return false;
        value = value[step];
      }
      return value !== undefined;
    },
    error: (path, facts) =>
      errors.push(new InputError({ ...locate(path, 'key'), key: path.join('.'), ...facts })),
    noEffect: (path, why) =>
      warnings.push({
        what: `this has no effect: ${why}`,
        code: 'no-effect',
        ...locate(path, 'key'),
        key: path.join('.'),
      }),
  };
  checkRows(rules);
  checkData(rules);
  checkAdapter(rules);
  checkTraining(rules);
  return { errors, warnings };
}

const ROW_KEYS = {
  'causal-lm': ['text', 'prompt', 'completion', 'chat'],
  classification: ['inputs', 'label'],
  regression: ['inputs', 'label'],
  seq2seq: ['source', 'target'],
} as const;

function checkRows({ values, error }: Rules): void {
  const { task, data } = values;
  const own: readonly string[] = ROW_KEYS[task];
  for (const [other, keys] of Object.entries(ROW_KEYS)) {
    for (const key of keys) {
      if (own.includes(key) || data[key] === undefined) continue;
      if (other === 'regression') continue;
      error(['data', key], {
        what: `this belongs to the task ${other}`,
        code: 'misplaced',
        got: `task ${task}`,
        expected: own.join(', '),
      });
    }
  }
  if (task !== 'causal-lm') {
    for (const key of ROW_KEYS[task]) {
      if (data[key] === undefined)
        error(['data', key], { what: `the task ${task} needs this key`, code: 'missing-key' });
    }
    return;
  }
  const forms = [
    ...(data.text === undefined ? [] : ['text']),
    ...(data.prompt === undefined && data.completion === undefined ? [] : ['prompt + completion']),
    ...(data.chat === undefined ? [] : ['chat']),
  ];
  if (forms.length !== 1) {
    error(['data'], {
      what: 'how does a row become text?',
      code: forms.length === 0 ? 'no-form' : 'exclusive',
      got: forms.length === 0 ? 'none' : forms.join(' and '),
      expected: 'exactly one of text, prompt + completion, chat',
    });
  }
  if (data.prompt !== undefined && data.completion === undefined) {
    error(['data', 'prompt'], {
      what: 'a prompt needs a completion beside it',
      code: 'lacks-partner',
      expected: 'data.completion',
    });
  }
  if (data.completion !== undefined && data.prompt === undefined) {
    error(['data', 'completion'], {
      what: 'a completion needs a prompt beside it',
      code: 'lacks-partner',
      expected: 'data.prompt',
    });
  }
}

function checkData({ values, given, error, noEffect }: Rules): void {
  const { data } = values;
  if (data.eval !== undefined && data.eval_fraction !== undefined) {
    error(['data', 'eval_fraction'], {
      what: 'the evaluation rows are named twice',
      code: 'exclusive',
      expected: 'eval or eval_fraction',
    });
  }
  const none = data.eval === undefined && data.eval_fraction === undefined;
  if (none && given('evaluation', 'every') && values.evaluation.every !== null) {
    noEffect(['evaluation', 'every'], 'there are no evaluation rows (data.eval or data.eval_fraction)');
  }
  if (none && data.max_eval_rows !== null) {
    noEffect(['data', 'max_eval_rows'], 'there are no evaluation rows (data.eval or data.eval_fraction)');
  }
  if (data.columns !== undefined) {
    const files = [data.train, data.eval ?? []].flat();
    const other = files.find((file) => !/\.(?:csv|tsv)$/iu.test(file));
    if (other !== undefined) {
      error(['data', 'columns'], {
        what: 'only csv and tsv files take names for their columns',
        code: 'misplaced',
        got: other,
        expected: 'files that end in .csv or .tsv',
      });
    }
  }
}

function checkAdapter({ values, given, error, noEffect }: Rules): void {
  const { adapter } = values;
  const { method } = adapter;
  const lamda = method === 'lamda' || method === 'lamda++';
  const why = `the method is ${method}`;
  if (method === 'full') {
    for (const key of ['rank', 'alpha', 'target_modules'] as const) {
      if (given('adapter', key)) noEffect(['adapter', key], why);
    }
  }
  if (!lamda) {
    for (const key of ['freeze', 'basis', 'core_only', 'balance'] as const) {
      if (given('adapter', key)) noEffect(['adapter', key], why);
    }
  }
  if (method !== 'lamda++' && given('adapter', 'ranks')) noEffect(['adapter', 'ranks'], why);
  if (method === 'lamda++') checkAllocation({ values, given, error, noEffect });
  if (lamda && adapter.core_only && given('adapter', 'freeze')) {
    noEffect(['adapter', 'freeze'], 'with core_only the second projection is frozen from the start');
  }
  if (lamda && adapter.basis === 'gradient' && given('adapter', 'balance')) {
    noEffect(
      ['adapter', 'balance'],
      'on the basis of the gradient the core starts at 0, with no scale to share',
    );
  }
  if ((lamda || method === 'pissa') && adapter.alpha !== undefined && adapter.alpha !== adapter.rank) {
    noEffect(['adapter', 'alpha'], `${method} always has scale 1`);
  }
  if (method === 'lora') return;
  const loraOnly = { what: 'only lora has this', code: 'misplaced', got: `method ${method}` };
  if (adapter.dropout > 0) error(['adapter', 'dropout'], { ...loraOnly, expected: '0' });
  if (adapter.use_rslora) error(['adapter', 'use_rslora'], { ...loraOnly, expected: 'false' });
  if (adapter.init_from !== null) error(['adapter', 'init_from'], { ...loraOnly, expected: 'null' });
}

function checkAllocation({ values, given, error, noEffect }: Omit<Rules, keyof RuleFindings>): void {
  const { rank, ranks } = values.adapter;
  const { candidates, min, max, budget, allocation } = ranks;
  if (budget !== null && given('adapter', 'rank')) {
    error(['adapter', 'rank'], {
      what: 'the budget is given twice',
      code: 'exclusive',
      expected: 'adapter.rank (the mean rank) or adapter.ranks.budget (trainable parameters)',
    });
  }
  if (allocation === 'uniform') {
    for (const key of ['candidates', 'min', 'max'] as const) {
      if (given('adapter', 'ranks', key)) noEffect(['adapter', 'ranks', key], 'the allocation is uniform');
    }
    return;
  }
  const used = candidates.filter((candidate) => candidate >= (min ?? 1) && candidate <= (max ?? Infinity));
  if (used.length === 0) {
    error(['adapter', 'ranks', min === null ? 'max' : 'min'], {
      what: 'no candidate rank is left',
      code: 'no-candidate',
      got: `candidates ${candidates.join(', ')} between ${min ?? 'any'} and ${max ?? 'any'}`,
      expected: 'a range with at least one candidate in it',
    });
  } else if (budget === null && rank < Math.min(...used)) {
    error(['adapter', 'rank'], {
      what: 'the mean rank is less than the smallest candidate',
      code: 'too-small',
      got: String(rank),
      expected: `at least ${Math.min(...used)}, or a smaller one among adapter.ranks.candidates`,
    });
  }
}

function checkTraining({ values, error, noEffect }: Rules): void {
  const { training } = values;
  if (training.max_steps !== undefined && training.epochs !== undefined) {
    error(['training', 'epochs'], {
      what: 'the length of the run is given twice',
      code: 'exclusive',
      expected: 'max_steps or epochs',
    });
  }
  if (training.warmup_steps !== undefined && training.warmup_ratio !== undefined) {
    error(['training', 'warmup_ratio'], {
      what: 'the warm-up is given twice',
      code: 'exclusive',
      expected: 'warmup_steps or warmup_ratio',
    });
  }
  if (!training.shuffle && training.group_by_length) {
    error(['training', 'group_by_length'], {
      what: 'rows cannot be both grouped by length and in the order of the file',
      code: 'misplaced',
      got: 'shuffle: false',
      expected: 'group_by_length: false, or shuffle: true',
    });
  }
  const { max_steps: steps, warmup_steps: warmup } = training;
  if (steps !== undefined && warmup !== undefined && warmup >= steps && training.scheduler !== 'constant') {
    noEffect(['training', 'scheduler'], `the warm-up (${warmup} steps) lasts as long as the run (${steps})`);
  }
}
