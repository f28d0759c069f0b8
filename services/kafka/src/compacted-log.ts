/**
 * A compacted topic of one partition as a map: writes are acknowledged, reads follow the log from its start.
 *
 * Owns: the view, in log order. Invariant: L1 the view never runs ahead of an unread earlier record, so `get` after
 * `readTo(own write)` also shows everything that others wrote before it.
 */
import {
  MillraceError,
  asOffset,
  asPartition,
  type Cancel,
  type ControlListener,
  type ControlLog,
  type Offset,
  type PartitionRange,
  type RecordBatch,
  type SourceRecord,
  type StateEntry,
  type Telemetry,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { KafkaClient } from "./kafka-client.ts";
import { brokerError, isHalting } from "./kafka-error.ts";
import { logRanges } from "./list-offsets.ts";
import { LogFetcher } from "./log-fetcher.ts";
import { createRecordSink } from "./record-sink.ts";
import { wait } from "./wait.ts";

const REQUEST_TIMEOUT_MS = 5_000;
/** How long `readTo` goes on without an answer from Kafka before it gives up, ms. */
const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 200;
const PARTITION = asPartition(0);

interface Waiter {
  readonly offset: Offset;
  readonly resolve: (value: undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The state topic, or the control topic. Empty until the first reading; it connects when it is first used. */
export class CompactedLog implements ControlLog {
  readonly #topic: Topic;
  readonly #partition: TopicPartition;
  readonly #client: KafkaClient;
  readonly #fetcher: LogFetcher;
  readonly #sink: ReturnType<typeof createRecordSink>;
  readonly #telemetry: Telemetry;
  readonly #entries = new Map<string, StateEntry>();
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<ControlListener>();
  /** Everything below has been read. */
  #readUpTo = asOffset(0);
  #starting: Promise<void> | null = null;

  constructor(options: {
    readonly connection: KafkaConnection;
    readonly topic: Topic;
    readonly telemetry: Telemetry;
  }) {
    const { connection, telemetry } = options;
    this.#topic = options.topic;
    this.#partition = { topic: options.topic, partition: PARTITION };
    this.#telemetry = telemetry;
    this.#client = new KafkaClient({ connection, telemetry, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    this.#sink = createRecordSink({ connection, telemetry });
    this.#fetcher = new LogFetcher(this.#client, telemetry, {
      isCurrent: () => true,
      records: (batch) => this.#apply(batch),
      progressed: (_, { next }) => this.#progressed(next),
      outOfRange: () => void this.#restart(),
      failed: (error) => this.#failed(brokerError(`topic ${this.#topic}`, error)),
    });
  }

  /** @inheritdoc */
  async append(
    entries: readonly { readonly key: string; readonly value: unknown }[],
  ): Promise<readonly Offset[]> {
    const positions = await this.#sink.append(
      entries.map(({ key, value }) => ({
        topic: this.#topic,
        partition: PARTITION,
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        headers: {},
      })),
    );
    return positions.map(({ offset }) => offset);
  }

  /** @inheritdoc */
  async readTo(offset: Offset): Promise<void> {
    if (offset < this.#readUpTo) return;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter: Waiter = { offset, resolve, reject };
    this.#waiters.add(waiter);
    const timer = setTimeout(() => {
      reject(new MillraceError("BROKER_UNREACHABLE", `topic is not read: ${this.#topic}`));
    }, READ_TIMEOUT_MS);
    try {
      this.#begin().catch(reject);
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** @inheritdoc */
  async readToEnd(): Promise<void> {
    const { logEndOffset: end } = await this.#range();
    if (end > 0) await this.readTo(asOffset(end - 1));
    else await this.#begin();
  }

  /** @inheritdoc */
  follow(listener: ControlListener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @inheritdoc */
  get(key: string): StateEntry | undefined {
    return this.#entries.get(key);
  }

  /** @inheritdoc */
  list(prefix: string): readonly (readonly [key: string, entry: StateEntry])[] {
    return [...this.#entries].filter(([key]) => key.startsWith(prefix));
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    this.#fetcher.stop();
    this.#failWaiters(new MillraceError("BROKER_UNREACHABLE", `topic ${this.#topic} is closed`));
    await Promise.all([this.#sink.close(), this.#client.close()]);
  }

  /** Starts reading, once. */
  async #begin(): Promise<void> {
    try {
      await (this.#starting ??= this.#start());
    } catch (error) {
      this.#starting = null;
      throw error;
    }
  }

  async #start(): Promise<void> {
    const partition = this.#partition;
    const { logStartOffset } = await this.#range();
    const start = asOffset(Math.max(logStartOffset, this.#readUpTo));
    this.#progressed(start);
    this.#fetcher.seek(partition, start);
    this.#fetcher.start();
  }

  /** Where the log starts and ends; waits passing trouble out. */
  async #range(): Promise<Omit<PartitionRange, "partition">> {
    const until = performance.now() + READ_TIMEOUT_MS;
    for (;;) {
      try {
        const [range] = await logRanges(this.#client, [this.#partition]);
        return range ?? { logStartOffset: asOffset(0), logEndOffset: asOffset(0) };
      } catch (error) {
        if (isHalting(error) || this.#client.isClosed || performance.now() > until) {
          throw brokerError(`topic ${this.#topic}`, error);
        }
        await wait(RETRY_MS);
        await this.#client.refresh().catch(() => undefined);
      }
    }
  }

  /** Compaction never moves the log start beyond a live value, so going on from there misses nothing live. */
  async #restart(): Promise<void> {
    this.#fetcher.keepOnly([]);
    this.#starting = this.#start();
    await this.#starting.catch((error: unknown) => {
      this.#starting = null;
      this.#failWaiters(brokerError(`topic ${this.#topic}`, error));
    });
  }

  #apply({ records }: RecordBatch): void {
    for (const record of records) this.#applyRecord(record);
  }

  #applyRecord({ key, value, offset }: SourceRecord): void {
    if (key === null) return;
    const name = Buffer.from(key).toString();
    if (value === null) {
      this.#entries.delete(name);
      return this.#tell(name, null);
    }
    try {
      const parsed: unknown = JSON.parse(Buffer.from(value).toString());
      const entry = { offset, value: parsed };
      this.#entries.set(name, entry);
      this.#tell(name, entry);
    } catch {
      // Not ours: a value that is no JSON says nothing, and must not hide what stood there before.
      this.#telemetry.log("warn", `topic ${this.#topic}: a value is no JSON`, {
        key: name,
        offset,
      });
    }
  }

  #tell(key: string, entry: StateEntry | null): void {
    for (const listener of this.#listeners) listener(key, entry);
  }

  #progressed(next: Offset): void {
    this.#readUpTo = asOffset(Math.max(this.#readUpTo, next));
    for (const waiter of [...this.#waiters]) {
      if (waiter.offset < this.#readUpTo) waiter.resolve(undefined);
    }
  }

  #failed(error: Error): void {
    this.#failWaiters(error);
    if (this.#listeners.size === 0) return;
    this.#telemetry.log("error", `topic ${this.#topic} is followed no more`, { error });
  }

  #failWaiters(error: Error): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }
}
