/** Reading logs without a group: what stands where, and records from one offset to another, or on and on. */
import {
  MillraceError,
  asPartition,
  type Offset,
  type PartitionRange,
  type RecordBatch,
  type StartPosition,
  type Telemetry,
  type Topic,
  type TopicPartition,
  NO_TELEMETRY,
} from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { KafkaClient } from "./kafka-client.ts";
import { KafkaError, brokerError } from "./kafka-error.ts";
import { logRanges, offsetAt } from "./list-offsets.ts";
import { LogFetcher } from "./log-fetcher.ts";
import { wait } from "./wait.ts";

const REQUEST_TIMEOUT_MS = 5_000;
/** How long a question waits for a leader to be elected, ms. */
const SETTLE_MS = 5_000;
const RETRY_MS = 100;
/** Batches held for a slow reader; at that, fetching pauses. */
const WAITING_BATCHES_MAX = 16;

/** What to read of a partition: `from` on, up to but without `to`; without `to` it goes on for ever. */
export interface ReadRange extends TopicPartition {
  readonly from: Offset;
  readonly to?: Offset;
}

/** Reads without being a member of anything, so it disturbs nobody and leaves nothing behind. */
export interface LogReader {
  /**
   * Log start and end of all partitions of a topic.
   * @throws MillraceError `TOPIC_MISSING`, `BROKER_UNREACHABLE`, `BROKER_REFUSED`.
   */
  ranges(topic: Topic): Promise<readonly PartitionRange[]>;
  /** The offset at which a position stands now: for a time, the first record at or after it, else the log end. */
  offsetAt(partition: TopicPartition, position: StartPosition): Promise<Offset>;
  /**
   * Batches as they come, in order in each partition; ends when every range is read, or when `signal` aborts. Brokers
   * that are away are waited for.
   * @throws MillraceError `OFFSETS_GONE` when a range begins outside the log or retention overtakes it,
   *   `LOG_UNREADABLE`, `TOPIC_MISSING`, `BROKER_REFUSED`.
   */
  read(ranges: readonly ReadRange[], signal?: AbortSignal): AsyncGenerator<RecordBatch, void>;
  /** Disconnects; readings end. Idempotent. */
  close(): Promise<void>;
}

/** A reader on these brokers; connects with the first question. */
export function createLogReader(options: {
  readonly connection: KafkaConnection;
  readonly telemetry?: Telemetry;
}): LogReader {
  return new KafkaLogReader(options.connection, options.telemetry ?? NO_TELEMETRY);
}

class KafkaLogReader implements LogReader {
  readonly #client: KafkaClient;
  readonly #telemetry: Telemetry;
  readonly #closing = new AbortController();

  constructor(connection: KafkaConnection, telemetry: Telemetry) {
    this.#client = new KafkaClient({ connection, telemetry, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    this.#telemetry = telemetry;
  }

  /** @inheritdoc */
  ranges(topic: Topic): Promise<readonly PartitionRange[]> {
    return this.#settled(`ranges of topic ${topic}`, async () => {
      const places = await this.#client.partitionsOf(topic);
      const partitions = places.map(({ partition }) => ({
        topic,
        partition: asPartition(partition),
      }));
      const ranges = await logRanges(this.#client, partitions);
      return ranges.map((range, index) => ({
        partition: partitions[index]?.partition ?? asPartition(index),
        ...range,
      }));
    });
  }

  /** @inheritdoc */
  offsetAt(partition: TopicPartition, position: StartPosition): Promise<Offset> {
    const what = `offset of ${partition.topic}/${partition.partition}`;
    return this.#settled(what, () => offsetAt(this.#client, partition, position));
  }

  /** @inheritdoc */
  async *read(
    ranges: readonly ReadRange[],
    signal?: AbortSignal,
  ): AsyncGenerator<RecordBatch, void> {
    for (const topic of new Set(ranges.map((range) => range.topic))) {
      await this.#settled(`topic ${topic}`, () => this.#client.partitionsOf(topic));
    }
    const reading = new Reading(this.#client, this.#telemetry, ranges);
    const ends = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal];
    try {
      yield* reading.batches(AbortSignal.any(ends));
    } finally {
      reading.stop();
    }
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client.close();
  }

  async #settled<Result>(what: string, task: () => Promise<Result>): Promise<Result> {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      try {
        return await task();
      } catch (error) {
        const isPassing = error instanceof KafkaError && error.isRetriable;
        if (!isPassing || performance.now() > until) throw brokerError(what, error);
        await wait(RETRY_MS);
        await this.#client.refresh().catch(() => undefined);
      }
    }
  }
}

/** One call of `read`: what is left of its ranges, and what waits for its caller. */
class Reading {
  readonly #fetcher: LogFetcher;
  readonly #left = new Map<string, ReadRange>();
  readonly #waiting: RecordBatch[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(client: KafkaClient, telemetry: Telemetry, ranges: readonly ReadRange[]) {
    this.#fetcher = new LogFetcher(client, telemetry, {
      isCurrent: () => true,
      records: (batch) => this.#take(batch),
      progressed: (partition, { next }) => this.#progressed(partition, next),
      outOfRange: (partition, offset) => this.#fail(gone(partition, offset)),
      failed: (error) => this.#fail(error),
    });
    for (const range of ranges) {
      if (range.to !== undefined && range.from >= range.to) continue;
      this.#left.set(nameOf(range), range);
      this.#fetcher.seek(range, range.from);
    }
  }

  async *batches(signal: AbortSignal): AsyncGenerator<RecordBatch, void> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener("abort", onAbort);
    this.#fetcher.start();
    try {
      while (!signal.aborted) {
        const batch = this.#waiting.shift();
        if (batch !== undefined) {
          if (this.#waiting.length === 0) this.#resumeAll();
          yield batch;
        } else if (this.#failure !== null) throw this.#failure;
        else if (this.#left.size === 0) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  stop(): void {
    this.#fetcher.stop();
  }

  #take(batch: RecordBatch): void {
    const range = this.#left.get(nameOf(batch));
    if (range === undefined) return;
    const { to } = range;
    const records =
      to === undefined ? batch.records : batch.records.filter(({ offset }) => offset < to);
    if (records.length > 0) this.#waiting.push({ ...batch, records });
    if (this.#waiting.length >= WAITING_BATCHES_MAX) this.#pauseAll();
    this.#wake();
  }

  #progressed(partition: TopicPartition, next: Offset): void {
    const range = this.#left.get(nameOf(partition));
    if (range?.to === undefined || next < range.to) return;
    this.#left.delete(nameOf(partition));
    this.#fetcher.keepOnly([...this.#left.values()]);
    this.#wake();
  }

  #pauseAll(): void {
    for (const range of this.#left.values()) this.#fetcher.pause(range);
  }

  #resumeAll(): void {
    for (const range of this.#left.values()) this.#fetcher.resume(range);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#fetcher.stop();
    this.#wake();
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function gone({ topic, partition }: TopicPartition, offset: Offset): MillraceError {
  return new MillraceError(
    "OFFSETS_GONE",
    `not in the log: ${topic}/${partition} offset ${offset}`,
  );
}
