/** Reads ranges of a target's sources and counts what a replay of them would send. */
import type { SourceRecord } from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import type { Progress } from "../output/progress.ts";
import type { PlannedRange } from "./saved-plan.ts";

/** What is counted, and how that is shown. */
export interface CountRequest {
  readonly ranges: readonly Required<ReadRange>[];
  /** Record keys as UTF-8; null: all. */
  readonly keys: readonly string[] | null;
  readonly progress: Progress;
}

interface Count {
  readonly range: Required<ReadRange>;
  records: number;
  events: number;
  firstMs: number;
  lastMs: number;
}

/**
 * Counts, a range each, in their order; one without events too.
 * @throws MillraceError of the log, `OFFSETS_GONE` where retention overtakes the reading.
 */
export async function countRanges(
  reader: LogReader,
  { ranges, keys, progress }: CountRequest,
): Promise<readonly PlannedRange[]> {
  const wanted = keys === null ? null : new Set(keys);
  const counts = new Map(
    ranges.map((range): readonly [string, Count] => [
      placeOf(range),
      { range, records: 0, events: 0, firstMs: Infinity, lastMs: -Infinity },
    ]),
  );
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  for await (const batch of reader.read(ranges)) {
    const count = counts.get(placeOf(batch));
    if (count !== undefined) for (const record of batch.records) note(count, record, wanted);
    readCount += batch.records.length;
    progress.show(readCount, total === 0 ? 1 : readCount / total);
  }
  return Array.from(counts.values(), plannedRange);
}

function note(
  count: Count,
  { key, timestampMs }: SourceRecord,
  wanted: ReadonlySet<string> | null,
): void {
  count.records += 1;
  if (wanted !== null && (key === null || !wanted.has(Buffer.from(key).toString()))) return;
  count.events += 1;
  count.firstMs = Math.min(count.firstMs, timestampMs);
  count.lastMs = Math.max(count.lastMs, timestampMs);
}

function plannedRange({ range, records, events, firstMs, lastMs }: Count): PlannedRange {
  const time = (ms: number): string | null => (events === 0 ? null : new Date(ms).toISOString());
  const { topic, partition, from, to } = range;
  return {
    ...{ topic, partition, from: String(from), to: String(to) },
    ...{ records, events, first: time(firstMs), last: time(lastMs) },
  };
}

function placeOf({ topic, partition }: Pick<ReadRange, "partition" | "topic">): string {
  return `${topic}/${partition}`;
}
