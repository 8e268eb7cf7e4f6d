import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first is that of the search. */
export const SEEDS = [1, 2, 3];

/** Of GSM8K: characters of a question and its answer. A ninth of all rows are no longer, and a CPU has its limits. */
const SHORT = 300;

const shortProblems = (file) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => {
      const { question, answer } = JSON.parse(line);
      return question.length + answer.length <= SHORT;
    });

const sentences = (file) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.stringify({ sentence: line.split('\t')[0] }));

/** What is trained on, as lines of JSON, and for how long. */
export const TASKS = {
  gsm8k: {
    title: `GSM8K's problems of up to ${SHORT} characters, SmolLM2-135M-Instruct, 150 steps of a row, 32 rows of the test file`,
    train: (data) => shortProblems(join(data, 'train.jsonl')),
    evaluation: (data) => shortProblems(join(data, 'test.jsonl')).slice(0, 32),
    rows: { prompt: 'Question: {question}\nAnswer: ', completion: '{answer}', max_length: 256 },
    steps: 150,
    batch_size: 1,
  },
  sst2: {
    title: 'SST-2 as text, SmolLM2-135M-Instruct, 150 steps of 4 rows, 96 rows of the dev file',
    train: (data) => sentences(join(data, 'train.tsv')),
    evaluation: (data) => sentences(join(data, 'dev.tsv')).slice(0, 96),
    rows: { text: '{sentence}', max_length: 64 },
    steps: 150,
    batch_size: 4,
  },
};

const rates = (...all) => all.map((learning_rate) => ({ learning_rate }));

/** The last two make at least 17.7 times fewer updates than LoRA of rank 16. */
const lamdaSearch = [
  { learning_rate: 0.001, rank: 16, freeze: 0.3 },
  { learning_rate: 0.002, rank: 16, freeze: 0.3 },
  { learning_rate: 0.005, rank: 16, freeze: 0.1 },
  { learning_rate: 0.005, rank: 24, freeze: 0.05 },
];

const lamda = (more) => ({ method: 'lamda', ...more });

/** At the best settings of a LaMDA whose matrices all have its mean rank, so that the ranks alone differ. */
const plus = (title, settingsOf, allocation, more) => ({
  title,
  settingsOf,
  adapter: { method: 'lamda++', ranks: { candidates: [4, 8, 16, 32, 64], allocation }, ...more },
});

/**
 * The contestants: their adapter, and the settings that are searched. `curve`: evaluated at each tenth of the run.
 * `trialsOf`: the same runs as another's, chosen among fewer. `settingsOf`: those that are best for another.
 */
export const METHODS = {
  'lora-16': {
    title: 'LoRA, r 16',
    adapter: { method: 'lora', rank: 16, alpha: 16 },
    search: rates(0.001, 0.002),
    curve: true,
  },
  'lora-1': {
    title: 'LoRA, r 1',
    adapter: { method: 'lora', rank: 1, alpha: 1 },
    search: rates(0.004, 0.008),
  },
  'lora-2': {
    title: 'LoRA, r 2',
    adapter: { method: 'lora', rank: 2, alpha: 2 },
    search: rates(0.004, 0.008),
  },
  pissa: {
    title: 'PiSSA, r 16',
    adapter: { method: 'pissa', rank: 16 },
    search: rates(0.000125, 0.00025, 0.0005, 0.001),
    curve: true,
  },
  'lamda-gradient': {
    title: 'LaMDA, gradient',
    adapter: lamda({ basis: 'gradient' }),
    search: lamdaSearch,
  },
  'lamda-core': {
    title: 'LaMDA, core only, gradient',
    adapter: lamda({ basis: 'gradient', core_only: true }),
    search: [
      { learning_rate: 0.005, rank: 32 },
      { learning_rate: 0.01, rank: 32 },
    ],
  },
  lamda: { title: 'LaMDA', adapter: lamda({}), search: lamdaSearch },
  uniform: { title: 'Uniform, r 16', adapter: lamda({}), search: lamdaSearch.slice(0, 3), trialsOf: 'lamda' },
  'uniform-gradient': {
    title: 'Uniform, r 16, gradient',
    adapter: lamda({ basis: 'gradient' }),
    search: lamdaSearch.slice(0, 3),
    trialsOf: 'lamda-gradient',
  },
  'lamda++': plus('LaMDA++ equal-energy', 'uniform', 'equal-energy', {}),
  'lamda++-bins': plus('LaMDA++ energy-bins', 'uniform', 'energy-bins', {}),
  'lamda++-gradient': plus('LaMDA++ equal-energy, gradient', 'uniform-gradient', 'equal-energy', {
    basis: 'gradient',
  }),
  'lamda++-bins-gradient': plus('LaMDA++ energy-bins, gradient', 'uniform-gradient', 'energy-bins', {
    basis: 'gradient',
  }),
};
