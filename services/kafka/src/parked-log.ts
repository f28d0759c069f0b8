/** Parts of logs read on demand: what a redrive reads of a target's own topics, and single records of its sources. */
import {
  asOffset,
  type LogSlice,
  type Offset,
  type ParkedLog,
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

class KafkaParkedLog implements ParkedLog {
  readonly #reader: LogReader;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  /** @inheritdoc */
  async read(place: TopicPartition, from: Offset, countMax: number): Promise<LogSlice> {
    const ranges = await this.#reader.ranges(place.topic);
    const range = ranges.find(({ partition }) => partition === place.partition);
    const start = asOffset(Math.max(from, range?.logStartOffset ?? 0));
    const end = range?.logEndOffset ?? start;
    if (start >= end) return { records: [], next: start, isEnd: true };
    const bounds = { countMax, bytesMax: Infinity };
    const page = await readPage(this.#reader, { ...place, from: start, to: end }, bounds);
    return { ...page, isEnd: page.next >= end };
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return this.#reader.close();
  }
}
