/** Milliseconds in each unit of time. */
const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Reads a span of time such as `45m` or `2d`, in milliseconds; undefined for what is none. */
export function parseSpan(text: string): number | undefined {
  const [, digits, unit] = /^(\d+\.?\d*|\.\d+)([smhdw])$/iu.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const lower = unit.toLowerCase();
  const factor = Object.entries(UNITS).find(([name]) => name === lower)?.[1];
  return factor === undefined ? undefined : Number(digits) * factor;
}
