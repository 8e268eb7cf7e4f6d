/** A value as an axis or a list shows it: four significant digits, thousands apart, very large or small ones by powers. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) {
    return value
      .toExponential(2)
      .replace(/\.?0+e/u, 'e')
      .replace('e+', 'e');
  }
  if (size >= 1000) return value.toLocaleString('en-GB', { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(4)));
}

/** The values of an axis, as short as they can be and still be told apart: zoomed in, 499,712 is not 500k. */
export function formatTicks(values: readonly number[]): string[] {
  const different = new Set(values).size;
  const forms = [formatTick, formatValue, (value: number): string => String(Number(value.toPrecision(8)))];
  const texts = forms.map((form) => values.map(form));
  return texts.find((all) => new Set(all).size === different) ?? texts.at(-1) ?? [];
}

/** A value beside an axis, where there is little room: large ones in thousands, millions and billions. */
export function formatTick(value: number): string {
  return Math.abs(value) >= 10_000 ? formatCount(value) : formatValue(value);
}

/** A count in few characters: 812, 35.8k, 1.2M. */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ['B', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (Math.abs(count) >= size) return `${Number((count / size).toPrecision(3))}${unit}`;
  }
  return String(Number(count.toPrecision(3)));
}

/** Seconds in the units that people say: 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (big: number, unit: string, small: number, part: string): string =>
    small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${part}`;
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 86_400) return two(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  return two(Math.floor(whole / 86_400), 'd', Math.floor((whole % 86_400) / 3600), 'h');
}

/** A share of a whole, 0 to 1: 61 %. Small ones do not become none, nor large ones all. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  if (share > 0.99 && share < 1)
    return share < 0.9995 ? `${(Math.floor(share * 1000) / 10).toFixed(1)} %` : 'over 99.9 %';
  if (share > 0 && share < 0.01) return share < 0.001 ? 'under 0.1 %' : `${(share * 100).toFixed(1)} %`;
  return `${Math.round(share * 100)} %`;
}

/** A size on disk: 812 B, 4.7 MB; thousands, as disks are sold. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toPrecision(3))} ${unit}`;
  }
  return `${Math.round(bytes)} B`;
}
