import {
  Chart,
  type ChartArea,
  type ChartConfiguration,
  type ChartDataset,
  type ChartOptions,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type Point,
} from 'chart.js';
import zoomPlugin from 'chartjs-plugin-zoom';
import type { Disposable } from '../../src/base/disposable';
import { drawBands, drawNotes } from './chartMarks';
import { faded } from './colour';
import type { Figure, FigureLine } from './figure';
import { formatTicks } from './format';
import { rawOpacity, type Theme } from './themeColours';

Chart.register(LinearScale, LineController, LineElement, LogarithmicScale, PointElement, zoomPlugin);

/** How wide a line of the right axis is, against one of the left. */
const THIN = 0.6;
/** How strong a line is while another stands out. */
const FAINT = 0.2;

export interface LineChartEvents {
  /** The part of the x axis that the user has zoomed or moved to. */
  readonly onRange: (range: [number, number]) => void;
  /** Whether a turn of the wheel zooms, and does not scroll the page. */
  readonly wheelZooms: (event: WheelEvent) => boolean;
  /** It was drawn, perhaps in another size: what lies over it has to be put in its place. */
  readonly onDrawn?: () => void;
}

/** The one place that knows Chart.js: draws figures on a canvas. */
export class LineChart implements Disposable {
  readonly #chart: Chart<'line', Point[]>;
  #figure: Figure | undefined;
  #theme: Theme | undefined;
  #emphasis: string | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly events: LineChartEvents,
  ) {
    this.#chart = new Chart<'line', Point[]>(canvas, this.configuration());
  }

  /** Draws a figure; `emphasis` is the owner whose lines stand out. */
  update(figure: Figure, theme: Theme, emphasis: string | undefined): void {
    const same = this.#figure === figure && this.#theme === theme;
    if (same && this.#emphasis === emphasis) return;
    this.#figure = figure;
    this.#theme = theme;
    this.#emphasis = emphasis;
    this.canvas.setAttribute('aria-label', figure.description);
    if (same) {
      // Only strokes change: the points stay as they are parsed.
      for (const [index, style] of datasets(figure, theme, emphasis).entries()) {
        const { data } = this.#chart.data.datasets[index] ?? style;
        Object.assign(this.#chart.data.datasets[index] ?? {}, style, { data });
      }
    } else {
      this.#chart.data.datasets = datasets(figure, theme, emphasis);
      this.#chart.options = this.options(figure, theme);
    }
    this.#chart.update('none');
  }

  /** The place of a point in CSS pixels from the canvas' corner; undefined where it lies outside. */
  place(x: number, y: number, axis: 'left' | 'right' = 'left'): { left: number; top: number } | undefined {
    const { scales } = this.#chart;
    const left = scales['x']?.getPixelForValue(x) ?? NaN;
    const top = scales[axis === 'left' ? 'y' : 'right']?.getPixelForValue(y) ?? NaN;
    const area = this.laidOut();
    if (area === undefined || !(left >= area.left - 1 && left <= area.right + 1)) return undefined;
    return { left, top: Math.min(area.bottom, Math.max(area.top, top)) };
  }

  /** The value of the x axis at a distance from the canvas' left side; undefined beside the axes. */
  valueAt(left: number): number | undefined {
    const area = this.laidOut();
    if (area === undefined || left < area.left || left > area.right) return undefined;
    return this.#chart.scales['x']?.getValueForPixel(left);
  }

  /** Top and bottom of the axes' area. */
  get area(): { top: number; bottom: number; left: number; right: number } {
    const { top, bottom, left, right } = this.#chart.chartArea;
    return { top, bottom, left, right };
  }

  dispose(): void {
    this.#chart.destroy();
  }

  /** The axes' area; a chart that has no size yet has none, whatever its type says. */
  private laidOut(): ChartArea | undefined {
    return this.#chart.chartArea;
  }

  private configuration(): ChartConfiguration<'line', Point[]> {
    return {
      type: 'line',
      data: { datasets: [] },
      options: { animation: false, maintainAspectRatio: false },
      plugins: [
        {
          id: 'marks',
          beforeDatasetsDraw: (chart) => {
            if (this.#figure !== undefined && this.#theme !== undefined)
              drawBands(chart, this.#figure, this.#theme);
          },
          afterDatasetsDraw: (chart) => {
            if (this.#figure !== undefined && this.#theme !== undefined)
              drawNotes(chart, this.#figure, this.#theme, this.#emphasis);
          },
          afterDraw: () => this.events.onDrawn?.(),
        },
      ],
    };
  }

  private options({ x, y, right }: Figure, theme: Theme): ChartOptions<'line'> {
    const axis = {
      grid: { color: faded(theme.grid, 0.4), tickColor: theme.grid },
      border: { color: theme.grid },
    };
    const ticks = { color: theme.muted, font: { family: theme.font, size: 11 }, autoSkipPadding: 12 };
    const titled = (text: string | undefined) => ({
      display: text !== undefined,
      text: text ?? '',
      color: theme.muted,
      font: { family: theme.font, size: 11 },
    });
    // Told at once, not once the wheel or the hand rests: a figure that is drawn in between has the range.
    const told = ({ chart }: { chart: Chart }): void => {
      const scale = chart.scales['x'];
      if (scale !== undefined) this.events.onRange([scale.min, scale.max]);
    };
    return {
      animation: false,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      events: [],
      layout: { padding: { top: 8, right: 8 } },
      scales: {
        x: {
          ...axis,
          type: x.log ? 'logarithmic' : 'linear',
          min: x.min,
          max: x.max,
          title: titled(x.title),
          ticks: {
            ...ticks,
            maxRotation: 0,
            includeBounds: false,
            callback: x.log ? logTickText : tickText,
          },
        },
        y: {
          ...axis,
          type: y.log ? 'logarithmic' : 'linear',
          min: y.min,
          max: y.max,
          title: titled(y.title),
          ticks: {
            ...ticks,
            maxTicksLimit: 7,
            includeBounds: false,
            callback: tickText,
          },
        },
        ...(right === undefined
          ? {}
          : {
              right: {
                ...axis,
                grid: { display: false },
                type: 'linear',
                position: 'right',
                min: right.min,
                max: right.max,
                title: titled(right.title),
                ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => right.format(Number(value)) },
              },
            }),
      },
      plugins: {
        zoom: {
          pan: { enabled: true, mode: 'x', modifierKey: 'shift', onPan: told },
          zoom: {
            mode: 'x',
            wheel: { enabled: true, speed: 0.15 },
            pinch: { enabled: true },
            drag: {
              enabled: true,
              threshold: 6,
              backgroundColor: faded(theme.focus, 0.2),
              borderColor: theme.focus,
              borderWidth: 1,
            },
            onZoomStart: ({ event }) => !(event instanceof WheelEvent) || this.events.wheelZooms(event),
            onZoom: told,
          },
        },
      },
    };
  }
}

function tickText(_value: unknown, index: number, ticks: readonly { readonly value: number }[]): string {
  return formatTicks(ticks.map(({ value }) => value))[index] ?? '';
}

/** The end of a logarithmic axis is a tick to Chart.js, and would be written over the last round one. */
function logTickText(value: unknown, index: number, ticks: readonly { readonly value: number }[]): string {
  const size = Number(value);
  const digits = Number((size / 10 ** Math.floor(Math.log10(size))).toFixed(6));
  return Number.isInteger(2 * digits) ? tickText(value, index, ticks) : '';
}

function datasets(
  figure: Figure,
  theme: Theme,
  emphasis: string | undefined,
): ChartDataset<'line', Point[]>[] {
  const made: ChartDataset<'line', Point[]>[] = [];
  for (const line of figure.lines) {
    const strength = emphasis === undefined || emphasis === line.owner ? 1 : FAINT;
    if (line.raw !== undefined) {
      made.push({
        ...stroke(line, rawOpacity(theme) * strength, 1),
        data: points(line.raw),
        borderDash: [],
        pointRadius: 0,
        order: 2,
      });
    }
    const wide = (emphasis === line.owner ? 2.5 : 1.5) * (line.axis === 'right' ? THIN : 1);
    made.push({
      ...stroke(line, strength, wide),
      data: points(line),
      order: emphasis === line.owner ? 0 : 1,
    });
  }
  return made;
}

function stroke(line: FigureLine, strength: number, width: number): Omit<ChartDataset<'line'>, 'data'> {
  const colour = faded(line.colour, strength);
  return {
    label: line.label,
    yAxisID: line.axis ?? 'y',
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: width,
    borderDash: [...line.dash],
    borderJoinStyle: 'round',
    pointStyle: line.point,
    pointRadius: line.points ? 3 : line.xs.length === 1 ? 2 : 0,
    pointHitRadius: 0,
    tension: 0,
  };
}

function points({ xs, ys }: { readonly xs: Float64Array; readonly ys: Float64Array }): Point[] {
  return Array.from(xs, (x, index) => ({ x, y: ys[index] ?? NaN }));
}
