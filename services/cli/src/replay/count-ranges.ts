/** Reads ranges of a target's sources and counts what a replay of them would send. */
import type { LogReader, ReadRange } from "@millrace/kafka";
import type { Progress } from "../output/progress.ts";
import type { Selection } from "./selection.ts";
import { KEYS_MAX, RangeCount, type CountedRange, type KeyBudget } from "./range-count.ts";

/** What is counted, and how that is shown. */
export interface CountRequest {
  readonly ranges: readonly Required<ReadRange>[];
  readonly selection: Selection;
  /** Whether it is noted at which offsets the events stand. */
  readonly notesRuns: boolean;
  readonly progress: Progress;
}

/** What was counted. */
export interface CountedRanges {
  /** A range each, in their order; those without events too. */
  readonly ranges: readonly CountedRange[];
  /** Whether every key is among those of the ranges. */
  readonly hasAllKeys: boolean;
}

/**
 * Counts.
 * @throws MillraceError of the log, `OFFSETS_GONE` where retention overtakes the reading.
 */
export async function countRanges(
  reader: LogReader,
  { ranges, selection, notesRuns, progress }: CountRequest,
): Promise<CountedRanges> {
  const budget: KeyBudget = { left: KEYS_MAX };
  const counts = new Map(
    ranges.map((range) => [placeOf(range), new RangeCount(range, { budget, notesRuns })] as const),
  );
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  for await (const batch of reader.read(ranges)) {
    const count = counts.get(placeOf(batch));
    for (const record of batch.records) {
      const isMeant = selection.isMeant(record);
      // A promise for each record would cost more than all the rest.
      count?.note(record, typeof isMeant === "boolean" ? isMeant : await isMeant);
    }
    readCount += batch.records.length;
    progress.show(readCount, total === 0 ? 1 : readCount / total);
  }
  return {
    ranges: Array.from(counts.values(), ({ counted }) => counted),
    hasAllKeys: budget.left >= 0,
  };
}

function placeOf({ topic, partition }: Pick<ReadRange, "partition" | "topic">): string {
  return `${topic}/${partition}`;
}
