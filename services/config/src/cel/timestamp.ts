import { isRfc3339 } from "@millrace/schemas";
import { MappingFailure } from "./mapping-failure.ts";

/**
 * A CEL timestamp is a `Date`, to the millisecond. What a Date cannot hold, microseconds and the way a time was written,
 * is kept beside it, so that a time which is only passed on arrives unchanged; whatever CEL computes is a new Date.
 */
const exactTexts = new WeakMap<Date, string>();

/** What RFC 3339 can say: the years 0000 to 9999. */
const RANGE_MS = { min: -62_167_219_200_000, max: 253_402_300_799_999 } as const;

/** Epoch milliseconds. */
export function timestampOfMillis(epochMs: number | bigint): Date {
  return checked(new Date(Number(epochMs)));
}

/** Epoch microseconds; its text has all six digits. */
export function timestampOfMicros(epochMicros: number | bigint): Date {
  const micros = BigInt(epochMicros);
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - fraction) / 1_000_000n;
  const date = checked(new Date(Number(seconds) * 1_000 + Number(fraction / 1_000n)));
  const digits = fraction.toString().padStart(6, "0");
  exactTexts.set(date, `${date.toISOString().slice(0, -5)}.${digits}Z`);
  return date;
}

/** An RFC 3339 time as somebody wrote it. JavaScript would take other forms, some in the machine's own time zone. */
export function timestampOfText(text: string): Date {
  if (!isRfc3339(text)) throw new MappingFailure("the time is not RFC 3339");
  const date = checked(new Date(text));
  exactTexts.set(date, text);
  return date;
}

/** RFC 3339: as it came, or in UTC with milliseconds. */
export function timestampText(date: Date): string {
  return exactTexts.get(date) ?? checked(date).toISOString();
}

/** A day as RFC 3339 writes it, from Avro's days since the epoch. */
export function dateText(days: number): string {
  return checked(new Date(days * 86_400_000))
    .toISOString()
    .slice(0, 10);
}

function checked(date: Date): Date {
  const epochMs = date.getTime();
  if (epochMs >= RANGE_MS.min && epochMs <= RANGE_MS.max) return date;
  throw new MappingFailure("the time is out of range");
}
