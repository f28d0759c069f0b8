/**
 * Where in a topic: one grammar for every command.
 *
 *     earliest | latest | committed | @<time> | -<duration> | <partition>:<offset>[,<partition>:<offset>...]
 */

/** A position as it was written; `-15m` is a time already. */
export type Position =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "committed" }
  | { readonly kind: "time"; readonly epochMs: number }
  /** By partition; those not named are left out. */
  | { readonly kind: "offsets"; readonly offsets: ReadonlyMap<number, number> };

/** What the grammar is, for help and error messages. */
export const POSITION_GRAMMAR =
  "earliest, latest, committed, @2026-01-31T08:00:00Z, -15m or 0:1200 (partition:offset)";

const NAMES = ["earliest", "latest", "committed"] as const;

/**
 * Reads a position. Times without a zone are UTC.
 * @param nowMs what durations count back from, epoch milliseconds.
 * @throws RangeError saying what is wrong, with the grammar.
 */
export function parsePosition(text: string, nowMs: number): Position {
  const kind = NAMES.find((name) => name === text);
  if (kind !== undefined) return { kind };
  if (text.startsWith("@")) return { kind: "time", epochMs: timeOf(text) };
  if (text.startsWith("-")) {
    const durationMs = parseDuration(text.slice(1));
    if (durationMs === null) throw unreadable(text, "no duration such as -15m, -1h30m or -2d");
    return { kind: "time", epochMs: nowMs - durationMs };
  }
  if (text.includes(":")) return { kind: "offsets", offsets: offsetsOf(text) };
  throw unreadable(text, "no position");
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A duration such as `15m`, `1h30m` or `250ms` in milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+(?:ms|[smhdw]))+$/u.test(text)) return null;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/gu)) {
    totalMs += Number(count) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return Number.isSafeInteger(totalMs) ? totalMs : null;
}

/** A time as people need it: UTC, and the local one where that differs. */
export function timeText(epochMs: number): string {
  const time = new Date(epochMs);
  const utc = time.toISOString();
  if (time.getTimezoneOffset() === 0) return utc;
  return `${utc} (${time.toLocaleString("sv-SE")} local time)`;
}

const TIME =
  /^@\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/iu;

function timeOf(text: string): number {
  const zone = TIME.exec(text);
  const written = text.slice(1).replace(" ", "T").toUpperCase();
  const hasZone = zone?.[1] !== undefined || !written.includes("T");
  const epochMs = zone === null ? Number.NaN : Date.parse(hasZone ? written : `${written}Z`);
  if (Number.isNaN(epochMs)) throw unreadable(text, "no time such as @2026-01-31T08:00:00Z");
  return epochMs;
}

function offsetsOf(text: string): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  for (const pair of text.split(",")) {
    const [, partition, offset] = /^(\d{1,6}):(\d{1,16})$/u.exec(pair) ?? [];
    const value = Number(offset);
    if (partition === undefined || !Number.isSafeInteger(value)) {
      throw unreadable(text, "no list of partition:offset");
    }
    if (offsets.has(Number(partition))) throw unreadable(text, `partition ${partition} twice`);
    offsets.set(Number(partition), value);
  }
  return offsets;
}

function unreadable(text: string, why: string): RangeError {
  return new RangeError(`'${text}': ${why}; write ${POSITION_GRAMMAR}`);
}
