import type { AllocationName, BudgetUnit } from '../../src/protocol/panels/ranks';
import { button, setEnabled, slider, type Slider } from '../kit/controls';
import { el, setShown, setText } from '../kit/dom';
import { formatValue } from '../kit/format';
import { requestOf, type State } from './state';

export interface PlanActions {
  readonly budget: (value: number) => void;
  readonly unit: (unit: BudgetUnit) => void;
  readonly rule: (rule: AllocationName) => void;
  readonly end: (end: 'min' | 'max', rank: number) => void;
  readonly clearPins: () => void;
}

const UNITS: Readonly<Record<BudgetUnit, string>> = {
  rank: 'Mean rank',
  parameters: 'Trainable parameters',
};

const RULES: Readonly<Record<AllocationName, { readonly title: string; readonly help: string }>> = {
  'equal-energy': {
    title: 'Equal energy',
    help: 'Every module keeps the same share of its energy, as far as the budget goes.',
  },
  'energy-bins': {
    title: 'Energy bins',
    help: 'Modules of one shape in the order of their energy, cut into groups of one rank each.',
  },
  uniform: { title: 'Uniform', help: 'One rank for all modules.' },
};
const RULE_NAMES = ['equal-energy', 'energy-bins', 'uniform'] as const;

/** Places of the slider where the budget counts parameters. */
const PLACES = 400;

/** What a plan is asked for with. */
export class PlanControls {
  readonly element: HTMLElement;
  readonly #unit = el('select', { id: 'unit', 'aria-label': 'Budget in' });
  readonly #slider: Slider;
  readonly #number = el('input', { type: 'number', class: 'number-field', 'aria-label': 'Budget' });
  readonly #rule = el('select', { id: 'rule' });
  readonly #min = el('select', { 'aria-label': 'Least rank' });
  readonly #max = el('select', { 'aria-label': 'Greatest rank' });
  readonly #help = el('p', { class: 'muted' });
  readonly #pins = el('span');
  readonly #pinPart: HTMLElement;
  #candidates = '';

  constructor(actions: PlanActions) {
    this.#unit.append(
      ...(['rank', 'parameters'] as const).map((value) => el('option', { value }, UNITS[value])),
    );
    this.#unit.addEventListener('change', () =>
      actions.unit(this.#unit.value === 'parameters' ? 'parameters' : 'rank'),
    );
    this.#slider = slider({ id: 'budget', min: 1, max: 2, step: 1 }, (value) => actions.budget(value));
    this.#slider.element.setAttribute('aria-label', 'Budget');
    this.#number.addEventListener('change', () => {
      const value = Number(this.#number.value);
      if (Number.isFinite(value) && value > 0) actions.budget(value);
    });
    this.#rule.append(...RULE_NAMES.map((value) => el('option', { value }, RULES[value].title)));
    this.#rule.addEventListener('change', () => {
      const rule = RULE_NAMES.find((name) => name === this.#rule.value);
      if (rule !== undefined) actions.rule(rule);
    });
    for (const [end, select] of [
      ['min', this.#min],
      ['max', this.#max],
    ] as const) {
      select.addEventListener('change', () => actions.end(end, Number(select.value)));
    }
    this.#pinPart = el(
      'span',
      { class: 'field' },
      this.#pins,
      button({ label: 'Clear all pins', onClick: actions.clearPins }),
    );
    this.element = el(
      'section',
      { class: 'plan-controls', 'aria-label': 'Plan' },
      el(
        'div',
        { class: 'budget' },
        el('label', { for: 'unit' }, 'Budget'),
        this.#unit,
        this.#slider.element,
        this.#number,
      ),
      el(
        'div',
        { class: 'plan-line' },
        el('span', { class: 'field' }, el('label', { for: 'rule' }, 'Rule'), this.#rule),
        el('span', { class: 'field' }, 'Ranks from', this.#min, 'to', this.#max),
        this.#pinPart,
      ),
      this.#help,
    );
  }

  update(state: State): void {
    const request = requestOf(state);
    setShown(this.element, request !== undefined && !state.view.readOnly);
    if (request === undefined) return;
    const { budget, rule, min, max, pinned } = request;
    this.#unit.value = budget.unit;
    this.showBudget(state, budget);
    this.#rule.value = rule;
    setText(this.#help, RULES[rule].help);
    this.showCandidates(state, min, max);
    const count = Object.keys(pinned).length;
    setShown(this.#pinPart, count > 0);
    setText(this.#pins, `${count} pinned`);
  }

  private showBudget({ plan }: State, { unit, value }: { unit: BudgetUnit; value: number }): void {
    setEnabled(this.#slider.element, plan !== undefined);
    if (plan !== undefined) {
      const [low, high] = plan.limits[unit];
      const step = unit === 'rank' ? 1 : Math.max(1, Math.round((high - low) / PLACES));
      this.#slider.setRange({ min: low, max: Math.max(high, low + step), step });
      const exactly = unit === 'rank' ? formatValue(value) : `${formatValue(value)} parameters`;
      this.#slider.element.setAttribute('aria-valuetext', unit === 'rank' ? `mean rank ${exactly}` : exactly);
    }
    this.#slider.value = value;
    // What is being typed is left alone.
    if (document.activeElement !== this.#number) this.#number.value = String(value);
  }

  private showCandidates({ view }: State, min: number, max: number): void {
    const ranks = [...new Set([...view.candidates, min, max])].sort((a, b) => a - b);
    const text = JSON.stringify(ranks);
    if (text !== this.#candidates) {
      this.#candidates = text;
      for (const select of [this.#min, this.#max]) {
        select.replaceChildren(...ranks.map((rank) => el('option', { value: rank }, String(rank))));
      }
    }
    this.#min.value = String(min);
    this.#max.value = String(max);
  }
}
