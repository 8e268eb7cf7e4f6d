/** `61 %`. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** A count in few characters: `812`, `35.8 k`, `1.2 M`, `7.1 B`. */
export function countText(count: number): string {
  return scaled(count, [
    ['B', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ]);
}

/** A size: `812 B`, `4.7 MB`, `2.1 GB`. */
export function bytesText(bytes: number): string {
  return scaled(
    bytes,
    [
      ['GB', 1e9],
      ['MB', 1e6],
      ['kB', 1e3],
    ],
    'B',
  );
}

/** A number of few digits: whole from 100 on, one digit behind the point below. */
export function shortNumber(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/u, '');
}

function scaled(value: number, units: readonly (readonly [string, number])[], plain = ''): string {
  for (const [unit, size] of units) {
    if (value >= 0.9995 * size) {
      const scaledTo = value / size;
      return `${scaledTo >= 99.95 ? scaledTo.toFixed(0) : scaledTo.toFixed(1)} ${unit}`;
    }
  }
  return `${Math.round(value)}${plain === '' ? '' : ` ${plain}`}`;
}
