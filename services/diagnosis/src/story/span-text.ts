const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A span as people read it, ms in: `812 ms`, `4.2 s`, `12 s`, `3 min`, `2 h`, `5 d`; rounded. */
export function spanText(spanMs: number): string {
  if (spanMs < SECOND_MS) return `${Math.round(spanMs)} ms`;
  if (spanMs < 10 * SECOND_MS) return `${Math.round(spanMs / 100) / 10} s`;
  if (spanMs < 2 * MINUTE_MS) return `${Math.round(spanMs / SECOND_MS)} s`;
  if (spanMs < 2 * HOUR_MS) return `${Math.round(spanMs / MINUTE_MS)} min`;
  if (spanMs < 2 * DAY_MS) return `${Math.round(spanMs / HOUR_MS)} h`;
  return `${Math.round(spanMs / DAY_MS)} d`;
}
