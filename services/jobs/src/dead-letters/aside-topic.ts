import {
  asOffset,
  MillraceError,
  type Offset,
  type PartitionId,
  type PartitionRange,
  type SourceRecord,
  type Topic,
} from "@millrace/engine";
import type { LogReader } from "@millrace/kafka";

/** How far a reading has come, records of the log. */
export interface ReadingProgress {
  readonly readCount: number;
  readonly totalCount: number;
}

/** Offsets from one to another, which is left out. */
export interface OffsetSpan {
  readonly from: number;
  readonly to: number;
}

/** How a topic is read. */
export interface AsideReading {
  readonly reader: Pick<LogReader, "ranges" | "read">;
  readonly topic: Topic;
  /** What is read, by partition; default: all of the topic. What of it is not there is passed over. */
  readonly spans?: ReadonlyMap<number, OffsetSpan>;
  /** Gets each record in turn; a promise is waited for. */
  readonly onRecord: (record: SourceRecord) => unknown;
  readonly onProgress?: (progress: ReadingProgress) => void;
  readonly signal?: AbortSignal;
}

/** A partition, and what is left to be read of it. */
interface Part {
  from: Offset;
  readonly to: Offset;
}

/**
 * Reads what stands in a dead-letter or parked topic now, partition by partition in order, each record once. What is
 * deleted meanwhile is needed by nobody and left out.
 * @throws MillraceError of the reader.
 */
export async function readAsideTopic(reading: AsideReading): Promise<void> {
  const ranges = await reading.reader.ranges(reading.topic);
  const parts = new Map(ranges.flatMap((range) => partsOf(range, reading.spans)));
  const totalCount = leftIn(parts);
  let isWhole = false;
  while (!isWhole) {
    try {
      await readParts(reading, parts, totalCount);
      isWhole = true;
    } catch (error) {
      if (!(await passDeleted(reading, parts, error))) throw error;
    }
  }
}

function partsOf(
  { partition, logStartOffset, logEndOffset }: PartitionRange,
  spans: AsideReading["spans"],
): readonly (readonly [PartitionId, Part])[] {
  if (spans === undefined) return [[partition, { from: logStartOffset, to: logEndOffset }]];
  const span = spans.get(partition);
  const from = asOffset(Math.max(logStartOffset, span?.from ?? 0));
  const to = asOffset(Math.min(logEndOffset, span?.to ?? 0));
  return from < to ? [[partition, { from, to }]] : [];
}

function leftIn(parts: ReadonlyMap<PartitionId, Part>): number {
  return [...parts.values()].reduce((sum, { from, to }) => sum + to - from, 0);
}

async function readParts(
  { reader, topic, onRecord, onProgress, signal }: AsideReading,
  parts: ReadonlyMap<PartitionId, Part>,
  totalCount: number,
): Promise<void> {
  const ranges = Array.from(parts, ([partition, part]) => ({ topic, partition, ...part }));
  for await (const { partition, records } of reader.read(ranges, signal)) {
    const part = parts.get(partition);
    for (const record of records) {
      const result = onRecord(record);
      // A promise for each record would cost more than all the rest.
      if (result instanceof Promise) await result;
      if (part !== undefined) part.from = asOffset(record.offset + 1);
    }
    onProgress?.({ readCount: totalCount - leftIn(parts), totalCount });
  }
}

/** Goes on where the log starts now; false where that is not what was wrong. */
async function passDeleted(
  { reader, topic }: AsideReading,
  parts: ReadonlyMap<PartitionId, Part>,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof MillraceError) || error.code !== "OFFSETS_GONE") return false;
  let hasPassed = false;
  for (const { partition, logStartOffset } of await reader.ranges(topic)) {
    const part = parts.get(partition);
    if (part === undefined || logStartOffset <= part.from || part.from >= part.to) continue;
    part.from = asOffset(Math.min(logStartOffset, part.to));
    hasPassed = true;
  }
  return hasPassed;
}
