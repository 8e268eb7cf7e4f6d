import type { PointForm } from './palette';

/** One line of a figure. What is drawn on a canvas, as SVG and read out all comes from here. */
export interface FigureLine {
  /** What it belongs to: lines of the same owner stand out together. */
  readonly owner: string;
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly point: PointForm;
  /** Whether each value has a point of its own: for few values far apart. */
  readonly points: boolean;
  /** The axis that its values belong to; the left one where nothing is said. */
  readonly axis?: 'right';
  /** How its values are written; as those of the left axis where nothing is said. */
  readonly format?: (value: number) => string;
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  /** The values before smoothing, drawn faintly behind. */
  readonly raw?: { readonly xs: Float64Array; readonly ys: Float64Array };
}

/** A point with a label. */
export interface FigureNote {
  readonly owner: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly colour: string;
  readonly kind: 'best' | 'last';
}

/** A stretch of the x axis with a name. */
export interface FigureBand {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** How much of something there is along the x axis, 0 to 1, from each place on: drawn as the band's strength. */
export interface FigureStrength {
  readonly xs: Float64Array;
  readonly shares: Float64Array;
}

/** One chart. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** It has room for the labels of several runs. */
  readonly large: boolean;
  readonly lines: readonly FigureLine[];
  readonly notes: readonly FigureNote[];
  readonly bands: readonly FigureBand[];
  readonly strength: FigureStrength | undefined;
  /** An upright line with its label. A page has a control in its place; a picture draws it. */
  readonly rule?: { readonly x: number; readonly text: string };
  readonly x: { readonly min: number; readonly max: number; readonly log: boolean; readonly title: string };
  readonly y: {
    readonly min: number;
    readonly max: number;
    readonly log: boolean;
    /** What it counts; absent where the figure's title says so. */
    readonly title?: string;
  };
  /** A second axis, on the right: linear. */
  readonly right?: {
    readonly min: number;
    readonly max: number;
    readonly title: string;
    readonly format: (value: number) => string;
  };
  /** What it shows, in a sentence. */
  readonly description: string;
}

/** The index of the place nearest to a value among sorted ones; −1 where there are none. */
export function nearestIndex(xs: Float64Array, value: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((xs[middle] ?? NaN) < value) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return xs.length === 0 ? -1 : 0;
  if (low === xs.length) return low - 1;
  const below = value - (xs[low - 1] ?? NaN);
  return below <= (xs[low] ?? NaN) - value ? low - 1 : low;
}
