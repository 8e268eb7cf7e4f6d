import type { Timeline } from '../../src/protocol/panels/spectra';
import { formatTick } from '../kit/format';

/** A place on the strip, in pixels. */
interface Spot {
  readonly left: number;
  readonly top: number;
}

/** The losses of a run as they are drawn: paths of SVG, and the places of what has places. */
export interface LossStrip {
  readonly train: string;
  readonly eval: string;
  /** Of the evaluations. */
  readonly points: readonly Spot[];
  /** Where the recorded steps stand. */
  readonly ticks: readonly number[];
  /** The greatest and the least loss that are drawn, as they are written. */
  readonly high: string;
  readonly low: string;
  /** Where a step stands. */
  readonly place: (step: number) => number;
  /** The recorded step that is nearest to a place. */
  readonly stepAt: (left: number) => number | undefined;
}

/** Room around the curves, for the points, and at the left for the losses' numbers. */
const ROOM = { left: 40, right: 10, top: 8, bottom: 10 } as const;

/** The losses over all steps, in a strip of a size. */
export function lossStrip(
  { steps, train, eval: evaluated }: Timeline,
  { width, height }: { readonly width: number; readonly height: number },
): LossStrip {
  const ends = [steps, train.xs, evaluated.xs].flatMap((xs) => [xs[0] ?? [], xs.at(-1) ?? []].flat());
  const [from, to] = ends.length === 0 ? [0, 1] : [Math.min(...ends), Math.max(...ends)];
  const losses = [...train.ys, ...evaluated.ys].filter(Number.isFinite);
  const [low, high] = losses.length === 0 ? [0, 1] : [Math.min(...losses), Math.max(...losses)];
  const right = Math.max(ROOM.left + 1, width - ROOM.right);
  const bottom = height - ROOM.bottom;
  const place = (step: number): number =>
    round(ROOM.left + ((step - from) / (to - from || 1)) * (right - ROOM.left));
  const level = (loss: number): number =>
    round(bottom - ((loss - low) / (high - low || 1)) * (bottom - ROOM.top));
  const spots = ({ xs, ys }: Timeline['train']): Spot[] =>
    Array.from(xs, (x, index) => ({ left: place(x), top: level(ys[index] ?? NaN) })).filter(({ top }) =>
      Number.isFinite(top),
    );
  const points = spots(evaluated);
  return {
    train: pathOf(spots(train)),
    eval: pathOf(points),
    points,
    ticks: Array.from(steps, place),
    high: losses.length === 0 ? '' : formatTick(Number(high.toPrecision(3))),
    low: losses.length === 0 ? '' : formatTick(Number(low.toPrecision(3))),
    place,
    stepAt: (left) => {
      const distances = Array.from(steps, (step) => Math.abs(place(step) - left));
      return steps[distances.indexOf(Math.min(...distances))];
    },
  };
}

function pathOf(spots: readonly Spot[]): string {
  return spots.map(({ left, top }, index) => `${index === 0 ? 'M' : 'L'}${left} ${top}`).join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
