/** The events of the benchmark, and the calls that they become. */
import { fileURLToPath } from "node:url";

/** Their type. */
export const EVENT_TYPE = "bench.Measured";

/** The type of events that a filter leaves out: they have the same fields. */
export const FILLER_TYPE = "bench.Filler";

/** What their keys begin with. */
export const FILLER_KEY = "filler";

/** Their schema's file. */
export const SCHEMA_FILE: string = fileURLToPath(new URL("Measured.avsc", import.meta.url));

/** The fillers' schema's file. */
export const FILLER_SCHEMA_FILE: string = fileURLToPath(new URL("Filler.avsc", import.meta.url));

/** Data of an event, as `Measured.avsc` has it. */
export interface Measured {
  readonly userId: string;
  readonly sequence: number;
  readonly number: number;
  readonly dueAt: number;
  readonly note: string;
}

/** The contract of either type. */
export interface MeasuredContract {
  readonly write: Measured;
  readonly read: Measured;
  readonly topic: string;
  readonly subject: string;
  readonly keyField: "userId";
}

/** A body of five fields is about 600 bytes with it. */
const NOTE = "The quick brown fox jumps over the lazy dog. ".repeat(12).slice(0, 510);

/** The event with a number: users take turns. */
export function eventOf(number: number, keyCount: number, dueAt = 0): Measured {
  const user = number % keyCount;
  const sequence = Math.floor(number / keyCount);
  return { userId: `user-${user}`, sequence, number, dueAt, note: NOTE };
}

/** The target's mapping, in `millrace.yaml`: the body that every subject makes. */
export const BODY_MAPPING: Readonly<Record<keyof Measured, string>> = {
  userId: "= event.data.userId",
  sequence: "= event.data.sequence",
  number: "= event.data.number",
  dueAt: "= event.data.dueAt",
  note: "= event.data.note",
};
