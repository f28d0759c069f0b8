const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d+))?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** A moment as RFC 3339 text has it: whole epoch milliseconds, and the 0-999 microseconds on top. */
export interface Moment {
  readonly epochMs: number;
  readonly microseconds: number;
}

/** Reads an RFC 3339 date-time; null when it is none, or names a day or hour that does not exist. */
export function parseMoment(text: string): Moment | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [, year = "", month = "", day = "", , fraction = ""] = match;
  if (parseDay(`${year}-${month}-${day}`) === null) return null;
  const epochMs = Date.parse(text);
  if (Number.isNaN(epochMs)) return null;
  return { epochMs, microseconds: Number(fraction.slice(3, 6).padEnd(3, "0")) };
}

/** Whether a text is an RFC 3339 date-time. */
export function isRfc3339(text: string): boolean {
  return parseMoment(text) !== null;
}

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of an ISO 8601 calendar date; null when it is none. */
export function parseDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const epochMs = Date.parse(`${text}T00:00:00Z`);
  // The engine rolls 30 February over to March; only a date that reads back the same exists.
  if (Number.isNaN(epochMs) || !new Date(epochMs).toISOString().startsWith(text)) return null;
  return epochMs / DAY_MS;
}
