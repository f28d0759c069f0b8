/** Parts of logs read on demand: what a redrive reads of a target's own topics, and single records of its sources. */
import {
  MillraceError,
  asOffset,
  type LogSlice,
  type Offset,
  type ParkedLog,
  type PartitionRange,
  type Telemetry,
  type TopicPartition,
} from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { createLogReader, type LogReader } from "./log-reader.ts";
import { readPage } from "./read-page.ts";

/** Reads on these brokers; connects with the first reading. */
export function createParkedLog(options: {
  readonly connection: KafkaConnection;
  readonly telemetry: Telemetry;
}): ParkedLog {
  return new KafkaParkedLog(createLogReader(options));
}

/** Reads with a reader of its own. */
export class KafkaParkedLog implements ParkedLog {
  readonly #reader: LogReader;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  /** @inheritdoc */
  async read(place: TopicPartition, from: Offset, countMax: number): Promise<LogSlice> {
    let range = await this.#range(place);
    for (;;) {
      const { logStartOffset, logEndOffset: to } = range;
      const start = asOffset(Math.max(from, logStartOffset));
      if (start >= to) return { records: [], next: start, isEnd: true };
      try {
        const bounds = { countMax, bytesMax: Infinity };
        const page = await readPage(this.#reader, { ...place, from: start, to }, bounds);
        return { ...page, isEnd: page.next >= to };
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== "OFFSETS_GONE") throw error;
        // What lay there was deleted at this moment: the log's start is beyond it now.
        range = await this.#range(place);
        if (range.logStartOffset <= start) throw error;
      }
    }
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return this.#reader.close();
  }

  async #range({ topic, partition }: TopicPartition): Promise<Omit<PartitionRange, "partition">> {
    const ranges = await this.#reader.ranges(topic);
    const nothing = { logStartOffset: asOffset(0), logEndOffset: asOffset(0) };
    return ranges.find((range) => range.partition === partition) ?? nothing;
  }
}
