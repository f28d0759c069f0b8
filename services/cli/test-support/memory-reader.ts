/** Logs in memory, behind the port that commands read them through. */
import {
  asOffset,
  asPartition,
  asTopic,
  MillraceError,
  type Offset,
  type PartitionRange,
  type RecordBatch,
  type SourceRecord,
  type StartPosition,
  type TopicPartition,
} from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";

/** When the first record of each log was written, epoch ms; each further one a second later. */
export const T0 = Date.UTC(2026, 0, 1);

/** A topic whose partitions have these keys, in order; what is below `start` is gone. */
export class MemoryReader implements LogReader {
  readonly topic = asTopic("users");
  readonly #logs: readonly (readonly SourceRecord[])[];
  readonly start: number;

  constructor(logs: readonly (readonly string[])[], start = 0) {
    this.start = start;
    this.#logs = logs.map((keys, partition) =>
      keys.map((key, offset) => ({
        ...{ topic: this.topic, partition: asPartition(partition), offset: asOffset(offset) },
        ...{ timestampMs: T0 + offset * 1_000, key: Buffer.from(key), value: null, headers: {} },
      })),
    );
  }

  ranges(): Promise<readonly PartitionRange[]> {
    const ranges = this.#logs.map(({ length }, partition) => ({
      partition: asPartition(partition),
      logStartOffset: asOffset(this.start),
      logEndOffset: asOffset(length),
    }));
    return Promise.resolve(ranges);
  }

  offsetAt({ partition }: TopicPartition, position: StartPosition): Promise<Offset> {
    if (position.kind !== "time") throw new Error("nothing asks for it");
    const log = this.#logs[partition] ?? [];
    const found = log.findIndex(
      ({ offset, timestampMs }) => offset >= this.start && timestampMs >= position.epochMs,
    );
    return Promise.resolve(asOffset(found === -1 ? log.length : found));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port's reading takes its time
  async *read(ranges: readonly ReadRange[]): AsyncGenerator<RecordBatch, void> {
    for (const { topic, partition, from, to } of ranges) {
      const log = this.#logs[partition] ?? [];
      if (from < this.start && from !== to)
        throw new MillraceError("OFFSETS_GONE", `gone: ${from}`);
      const records = log.slice(from, to);
      if (records.length === 0) continue;
      yield { topic, partition, records, logEndOffset: asOffset(log.length) };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
