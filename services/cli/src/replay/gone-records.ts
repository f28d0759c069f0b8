import type { GoneRange } from "../tail/read-ranges.ts";

/** What of a plan's range the log has no more, as it stands in a plan. Offsets are text. */
export interface GoneRecords {
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  /** One above the last. */
  readonly to: string;
  /** False: a time was asked for, and at most these are of it. */
  readonly isExact: boolean;
}

/** The form of a plan. */
export function goneRecords({ topic, partition, from, to, isExact }: GoneRange): GoneRecords {
  return { topic, partition, from: String(from), to: String(to), isExact };
}

/** How many are gone, and where: `12 records of the range are gone from the log (orders:0: 10, orders:1: 2)`. */
export function goneText(gone: readonly GoneRecords[]): string {
  const count = gone.reduce((sum, one) => sum + countOf(one), 0);
  const bound = gone.every(({ isExact }) => isExact) ? "" : "up to ";
  const parts = gone.map((one) => `${one.topic}:${one.partition}: ${countOf(one)}`);
  const records = count === 1 && bound === "" ? "record" : "records";
  const verb = records === "record" ? "is" : "are";
  return `${bound}${count} ${records} of the range ${verb} gone from the log (${parts.join(", ")})`;
}

function countOf({ from, to }: GoneRecords): number {
  return Number(to) - Number(from);
}
