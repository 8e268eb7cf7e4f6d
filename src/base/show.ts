/** How much of a found value an error quotes. */
const LONGEST = 60;

/** A found value as an error quotes it: short, on one line, whatever it is (also cyclic or huge). */
export function show(value: unknown): string {
  const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
  if (typeof value === 'string') return cut(JSON.stringify(value.slice(0, LONGEST + 1)));
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const shown = items.slice(0, 4).map((item) => (Array.isArray(item) ? '[…]' : show(item)));
    return cut(`[${shown.join(', ')}${items.length > 4 ? ', …' : ''}]`);
  }
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return cut(`a map with ${keys.length === 0 ? 'no keys' : `the keys ${keys.slice(0, 4).join(', ')}`}`);
  }
  return cut(String(value));
}
