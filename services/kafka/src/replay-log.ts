/** Ranges of source partitions read beside the group: what a replay sends once more. */
import {
  asOffset,
  MillraceError,
  type ReplayLog,
  type ReplayPage,
  type ReplayRange,
  type ReplaySlice,
  type Telemetry,
} from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { createLogReader, type LogReader } from "./log-reader.ts";
import { readPage } from "./read-page.ts";

/** Reads on these brokers; connects with the first reading. */
export function createReplayLog(options: {
  readonly connection: KafkaConnection;
  readonly telemetry: Telemetry;
}): ReplayLog {
  return new KafkaReplayLog(createLogReader(options));
}

class KafkaReplayLog implements ReplayLog {
  readonly #reader: LogReader;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  /** @inheritdoc */
  async read(range: ReplayRange, page: ReplayPage): Promise<ReplaySlice> {
    const gone = await this.#gone(range);
    if (gone !== null) return gone;
    try {
      return { kind: "records", ...(await readPage(this.#reader, range, page)) };
    } catch (error) {
      // Retention may have come between.
      const isGone = error instanceof MillraceError && error.code === "OFFSETS_GONE";
      const now = isGone ? await this.#gone(range) : null;
      if (now === null) throw error;
      return now;
    }
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return this.#reader.close();
  }

  async #gone({ topic, partition, from, to }: ReplayRange): Promise<ReplaySlice | null> {
    const ranges = await this.#reader.ranges(topic);
    const found = ranges.find((one) => one.partition === partition);
    const logStartOffset = found?.logStartOffset ?? asOffset(0);
    const logEndOffset = found?.logEndOffset ?? asOffset(0);
    const isWhole = logStartOffset <= from && to <= logEndOffset;
    return isWhole ? null : { kind: "gone", logStartOffset, logEndOffset };
  }
}
