/** The colours and the font that a page draws with where CSS does not reach: on a canvas, in a picture. */
export interface Theme {
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly focus: string;
  /** The theme's own colours for series. */
  readonly series: readonly string[];
  readonly font: string;
  readonly highContrast: boolean;
}

/** How opaque the values before smoothing are behind their average. */
export function rawOpacity({ highContrast }: Theme): number {
  return highContrast ? 0.55 : 0.25;
}
