const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration such as `500ms`, `30s`, `12h` or `7d`; null when it is none or longer than 100 years. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  const [, count, unit] = match ?? [];
  if (count === undefined || unit === undefined) return null;
  const milliseconds = Number(count) * (UNIT_MS[unit] ?? 0);
  return milliseconds <= 36_500 * 86_400_000 ? milliseconds : null;
}
