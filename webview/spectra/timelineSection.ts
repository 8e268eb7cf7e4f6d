import { button, setEnabled } from '../kit/controls';
import { el, setShown, setText } from '../kit/dom';
import { icon } from '../kit/icons';
import { formatValue } from '../kit/format';
import { StepSlider } from './stepSlider';
import type { State } from './state';
import { lossTexts, shownStep, stepBeside } from './timeline';

export interface TimelineActions {
  readonly step: (step: number) => void;
  readonly toggle: () => void;
}

/** What training changed, step by step: played, or stepped through along the run's losses. */
export class TimelineSection {
  readonly element: HTMLElement;
  readonly #play: HTMLElement;
  readonly #before: HTMLElement;
  readonly #after: HTMLElement;
  readonly #where = el('strong');
  readonly #losses = el('span', { class: 'muted' });
  readonly #run = el('span', { class: 'timeline-run muted' });
  readonly #slider: StepSlider;
  #playing: boolean | undefined;
  #state: State | undefined;

  constructor(actions: TimelineActions) {
    this.#play = button({ label: 'Play', kind: 'primary', onClick: actions.toggle });
    const beside = (label: string, name: 'previous' | 'next', by: number): HTMLElement =>
      button({
        label,
        kind: 'icon',
        icon: icon(name),
        onClick: () => {
          const state = this.#state;
          const step = state === undefined ? undefined : shownStep(state);
          const to =
            step === undefined || state?.timeline === undefined
              ? undefined
              : stepBeside(state.timeline, step, by);
          if (to !== undefined) actions.step(to);
        },
      });
    this.#before = beside('Previous step', 'previous', -1);
    this.#after = beside('Next step', 'next', 1);
    this.#slider = new StepSlider(actions);
    this.element = el(
      'section',
      { class: 'timeline', 'aria-label': 'Training' },
      el(
        'div',
        { class: 'timeline-head' },
        this.#play,
        el('span', { class: 'zoom' }, this.#before, this.#after),
        this.#where,
        this.#losses,
        this.#run,
      ),
      this.#slider.element,
      el(
        'div',
        { class: 'timeline-key muted', 'aria-hidden': 'true' },
        el('span', { class: 'key-train' }, 'training loss'),
        el('span', { class: 'key-eval' }, 'evaluation loss'),
        el('span', { class: 'key-ticks' }, 'step with a record'),
      ),
    );
  }

  update(state: State, playing: boolean): void {
    this.#state = state;
    const { timeline } = state;
    const step = shownStep(state);
    setShown(this.element, timeline !== undefined && step !== undefined);
    if (timeline === undefined || step === undefined) return;
    const { steps, live, run } = timeline;
    const last = steps.at(-1) ?? step;
    setText(this.#where, `Step ${formatValue(step)} of ${formatValue(last)}`);
    setText(this.#losses, lossTexts(timeline, step).join(', '));
    setText(this.#run, live ? `${run}, at work: further steps come` : run);
    setEnabled(this.#play, steps.length > 1);
    setEnabled(this.#before, step !== steps[0]);
    setEnabled(this.#after, step !== last);
    this.#slider.update(timeline, step);
    if (playing === this.#playing) return;
    this.#playing = playing;
    this.#play.replaceChildren(icon(playing ? 'pause' : 'play'), playing ? 'Pause' : 'Play');
  }
}
