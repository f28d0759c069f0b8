import { asOffset, type PartitionRange, type SourceRecord, type Topic } from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";

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
  readonly reader: LogReader;
  readonly topic: Topic;
  /** What is read, by partition; default: all of the topic. What of it is not there is passed over. */
  readonly spans?: ReadonlyMap<number, OffsetSpan>;
  /** Gets each record in turn; a promise is waited for. */
  readonly onRecord: (record: SourceRecord) => unknown;
  readonly onProgress?: (progress: ReadingProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads what stands in a dead-letter or parked topic now, partition by partition in order.
 * @throws MillraceError of the reader.
 */
export async function readAsideTopic(reading: AsideReading): Promise<void> {
  const { reader, topic, spans, onRecord, onProgress, signal } = reading;
  const ranges = (await reader.ranges(topic)).flatMap((range) => rangeOf(range, topic, spans));
  const totalCount = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  for await (const { records } of reader.read(ranges, signal)) {
    for (const record of records) {
      const result = onRecord(record);
      // A promise for each record would cost more than all the rest.
      if (result instanceof Promise) await result;
    }
    readCount += records.length;
    onProgress?.({ readCount, totalCount });
  }
}

function rangeOf(
  { partition, logStartOffset, logEndOffset }: PartitionRange,
  topic: Topic,
  spans: AsideReading["spans"],
): readonly Required<ReadRange>[] {
  if (spans === undefined) return [{ topic, partition, from: logStartOffset, to: logEndOffset }];
  const span = spans.get(partition);
  const from = Math.max(logStartOffset, span?.from ?? 0);
  const to = Math.min(logEndOffset, span?.to ?? 0);
  return from < to ? [{ topic, partition, from: asOffset(from), to: asOffset(to) }] : [];
}
