/**
 * The shortest decimal that rounds to the same f32: attributes are stored as f32, and 1e-5 should read 0.00001
 * again and not 0.000009999999747378752.
 */
export function shortestFloat32(value: number): number {
  const rounded = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(rounded.toPrecision(digits));
    if (Math.fround(candidate) === rounded) return candidate;
  }
  return rounded;
}
