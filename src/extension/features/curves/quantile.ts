/** The most values that a percentile is made of: sorting more would keep the extension host busy. */
const SAMPLES = 10_000;

/**
 * Two quantiles of the values from `begin` to `end`, linear between neighbours; undefined where there is no number. Of
 * very many values an even sample is taken, which a percentile can stand.
 */
export function quantiles(
  values: Float64Array,
  begin: number,
  end: number,
  low: number,
  high: number,
): [number, number] | undefined {
  const stride = Math.max(1, Math.ceil((end - begin) / SAMPLES));
  const sample = new Float64Array(Math.ceil(Math.max(0, end - begin) / stride));
  let count = 0;
  for (let index = begin; index < end; index += stride) {
    const value = values[index] ?? NaN;
    if (!Number.isNaN(value)) sample[count++] = value;
  }
  if (count === 0) return undefined;
  const sorted = sample.subarray(0, count).sort();
  const at = (quantile: number): number => {
    const place = quantile * (count - 1);
    const below = sorted[Math.floor(place)] ?? NaN;
    const above = sorted[Math.ceil(place)] ?? below;
    return below + (above - below) * (place - Math.floor(place));
  };
  return [at(low), at(high)];
}
