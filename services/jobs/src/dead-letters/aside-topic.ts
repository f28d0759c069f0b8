import type { SourceRecord, Topic } from "@millrace/engine";
import type { LogReader } from "@millrace/kafka";

/** How far a reading has come, records of the log. */
export interface ReadingProgress {
  readonly readCount: number;
  readonly totalCount: number;
}

/** How a topic is read. */
export interface AsideReading {
  readonly reader: LogReader;
  readonly topic: Topic;
  readonly onRecord: (record: SourceRecord) => void;
  readonly onProgress?: (progress: ReadingProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads what stands in a dead-letter or parked topic now, partition by partition in order.
 * @throws MillraceError of the reader.
 */
export async function readAsideTopic(reading: AsideReading): Promise<void> {
  const { reader, topic, onRecord, onProgress, signal } = reading;
  const ranges = (await reader.ranges(topic)).map(({ partition, logStartOffset, logEndOffset }) => {
    return { topic, partition, from: logStartOffset, to: logEndOffset };
  });
  const totalCount = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  for await (const { records } of reader.read(ranges, signal)) {
    for (const record of records) onRecord(record);
    readCount += records.length;
    onProgress?.({ readCount, totalCount });
  }
}
