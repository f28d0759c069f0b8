/**
 * Acknowledged writes: gathers what is handed in while a request is open into the next one, a batch a partition.
 *
 * Owns: the order of calls, what waits, the producer identity. Invariants: K1 one open request a leader and one batch
 * a partition, so records of one partition stand in the order of the calls. K2 a call settles within its deadline and
 * a request's time, whatever the brokers do. K3 a record the broker refuses fails its own call only. K4 a batch that
 * may stand in the log is sent again only with the sequence it had, so that it stands there once.
 */
import { MillraceError, asPartition, asTopic } from "@millrace/engine";
import type { RecordPosition, RecordSink, SinkRecord, Telemetry } from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { KafkaClient } from "./kafka-client.ts";
import { KafkaError, brokerError, errorText, errorType, isHalting } from "./kafka-error.ts";
import { Outage } from "./outage.ts";
import { PartitionWriter, type Batch, type Entry } from "./partition-writer.ts";
import { partitionOfKey } from "./partitioner.ts";
import {
  initProducer,
  produce,
  type ProduceResult,
  type ProducerIdentity,
} from "./produce-protocol.ts";
import { recordBytesMax } from "./record-batch.ts";
import { SinkCall } from "./sink-call.ts";

/** How long a record waits for its acknowledgement before its call fails, ms. */
const DEADLINE_MS = 8_000;
/** How long one request may take, ms; with the deadline the most that a call takes. */
const REQUEST_TIMEOUT_MS = 4_000;
const EXPIRY_CHECK_MS = 250;
const RETRY_MS = 100;
const METADATA_REFRESH_MS = 60_000;
/** What may wait in all, bytes. */
const WAITING_BYTES_MAX = 134_217_728;
/** Batches of one request. */
const REQUEST_BYTES_MAX = 16_777_216;

/** A sink on these brokers; it connects when the first record is written. */
export function createRecordSink(options: {
  readonly connection: KafkaConnection;
  readonly telemetry: Telemetry;
}): RecordSink {
  return new KafkaRecordSink(options.connection, options.telemetry);
}

/** A batch and where it belongs. */
interface Sent {
  readonly writer: PartitionWriter;
  readonly batch: Batch;
}

class KafkaRecordSink implements RecordSink {
  readonly #client: KafkaClient;
  readonly #outage: Outage;
  readonly #writers = new Map<string, PartitionWriter>();
  readonly #partitionCounts = new Map<string, number>();
  /** Calls whose topics' partitions are not known yet, and all that came after them. */
  readonly #unplaced: SinkCall[] = [];
  #isPlacing = false;
  readonly #busyLeaders = new Set<number>();
  #producer: Promise<ProducerIdentity> | null = null;
  readonly #openCalls = new Set<SinkCall>();
  #waitingBytes = 0;
  #keylessTurn = 0;
  #isFlushPlanned = false;
  #timers: NodeJS.Timeout[] = [];
  #closing: Promise<void> | null = null;

  constructor(connection: KafkaConnection, telemetry: Telemetry) {
    this.#client = new KafkaClient({ connection, telemetry, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    this.#outage = new Outage(telemetry, "writing");
  }

  /** @inheritdoc */
  append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]> {
    if (this.#closing !== null) return Promise.reject(failedToProduce("the sink is closed"));
    const bytes = records.reduce((sum, record) => sum + recordBytesMax(record), 0);
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX && this.#waitingBytes > 0) {
      return Promise.reject(failedToProduce("too much waits to be written already"));
    }
    const call = new SinkCall(records, performance.now());
    if (call.isSettled) return call.promise;
    this.#open(call, bytes);
    if (this.#unplaced.length > 0 || !this.#place(call)) this.#placeLater(call);
    this.#planFlush();
    return call.promise;
  }

  /** @inheritdoc */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #open(call: SinkCall, bytes: number): void {
    this.#waitingBytes += bytes;
    this.#openCalls.add(call);
    this.#startTimers();
    const done = (): void => {
      this.#waitingBytes -= bytes;
      this.#openCalls.delete(call);
    };
    call.promise.then(done, done);
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#openCalls].map((call) => call.promise));
    for (const timer of this.#timers) clearInterval(timer);
    await this.#client.close();
  }

  /** Puts a call's records to their partitions; false when a topic's partitions are not known yet. */
  #place(call: SinkCall): boolean {
    for (const { topic } of call.records) if (!this.#partitionCounts.has(topic)) return false;
    this.#keylessTurn += 1;
    const entries: [PartitionWriter, Entry][] = [];
    for (const [index, record] of call.records.entries()) {
      const count = this.#partitionCounts.get(record.topic) ?? 0;
      const partition = record.partition ?? this.#choose(record, count);
      if (!Number.isSafeInteger(partition) || partition < 0 || partition >= count) {
        call.fail(noPartition(record, { partition, count }));
        return true;
      }
      const writer = this.#writer(record.topic, partition);
      entries.push([writer, { record, call, index, bytes: recordBytesMax(record) }]);
    }
    for (const [writer, entry] of entries) writer.add(entry);
    return true;
  }

  /** A call's records without a key go to one partition, the next call's to the next: whole batches, evenly. */
  #choose({ key }: SinkRecord, count: number): number {
    return key === null ? this.#keylessTurn % count : partitionOfKey(key, count);
  }

  #writer(topic: string, partition: number): PartitionWriter {
    const name = nameOf(topic, partition);
    let writer = this.#writers.get(name);
    if (writer === undefined) {
      writer = new PartitionWriter({ topic: asTopic(topic), partition: asPartition(partition) });
      this.#writers.set(name, writer);
    }
    return writer;
  }

  #placeLater(call: SinkCall): void {
    this.#unplaced.push(call);
    if (this.#isPlacing) return;
    this.#isPlacing = true;
    void this.#placeAll().finally(() => {
      this.#isPlacing = false;
      this.#planFlush();
    });
  }

  async #placeAll(): Promise<void> {
    for (let call = this.#unplaced[0]; call !== undefined; call = this.#unplaced[0]) {
      if (!call.isSettled) {
        try {
          for (const topic of new Set(call.records.map((record) => record.topic)))
            await this.#learn(topic);
          this.#place(call);
        } catch (error) {
          if (!isHalting(error)) {
            this.#outage.noticed(error);
            await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
            continue;
          }
          call.fail(brokerError("cannot write", error));
        }
      }
      this.#unplaced.shift();
      this.#planFlush();
    }
  }

  async #learn(topic: string): Promise<void> {
    if (this.#partitionCounts.has(topic)) return;
    this.#partitionCounts.set(topic, (await this.#client.partitionsOf(topic)).length);
  }

  /** After the caller's turn, so that what is handed in together is sent together. */
  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const byLeader = new Map<number, PartitionWriter[]>();
    for (const writer of this.#writers.values()) {
      if (writer.isIdle || writer.isSending) continue;
      const leader = this.#client.leaderOf(writer.place.topic, writer.place.partition);
      if (leader === null) this.#refresh();
      else if (!this.#busyLeaders.has(leader)) {
        const group = byLeader.get(leader) ?? [];
        byLeader.set(leader, group);
        group.push(writer);
      }
    }
    for (const [leader, writers] of byLeader) {
      this.#busyLeaders.add(leader);
      for (const writer of writers) writer.isSending = true;
      void this.#send(leader, writers).then((isWell) => {
        this.#busyLeaders.delete(leader);
        for (const writer of writers) writer.isSending = false;
        if (isWell) return this.#planFlush();
        // Here, not by the timer alone: between two tries it may never find a writer that is not sending.
        this.#expire();
        setTimeout(() => this.#flush(), RETRY_MS);
      });
    }
  }

  /** One request to one leader; false when it is better to wait a little before the next. */
  async #send(leader: number, writers: readonly PartitionWriter[]): Promise<boolean> {
    let sent: readonly Sent[] = [];
    try {
      const producer = await this.#identity();
      sent = this.#gather(writers, producer);
      if (sent.length === 0) return true;
      const parts = sent.map(({ writer, batch }) => ({ ...writer.place, bytes: batch.bytes }));
      const results = await produce(this.#client, leader, { parts, timeoutMs: REQUEST_TIMEOUT_MS });
      this.#outage.over();
      return this.#settle(sent, results);
    } catch (error) {
      for (const { batch } of sent) batch.doubtCount += 1;
      if (isHalting(error)) this.#giveUp(writers, error);
      else this.#outage.noticed(error);
      this.#refresh();
      return false;
    }
  }

  #gather(writers: readonly PartitionWriter[], producer: ProducerIdentity): readonly Sent[] {
    const sent: Sent[] = [];
    const timestampMs = Date.now();
    let bytes = 0;
    for (const writer of writers) {
      if (bytes > REQUEST_BYTES_MAX) break;
      const batch = writer.next(producer, timestampMs);
      if (batch === null) continue;
      bytes += batch.bytes.length;
      sent.push({ writer, batch });
    }
    return sent;
  }

  #settle(sent: readonly Sent[], results: readonly ProduceResult[]): boolean {
    const byPlace = new Map(results.map((one) => [nameOf(one.topic, one.partition), one]));
    let isWell = true;
    for (const { writer, batch } of sent) {
      const { topic, partition } = writer.place;
      const result = byPlace.get(nameOf(topic, partition));
      if (result?.errorCode === 0) writer.acknowledged(result.baseOffset);
      else
        isWell =
          this.#refused({ writer, batch }, new KafkaError(result?.errorCode ?? -1)) && isWell;
    }
    return isWell;
  }

  /** What the error of one batch means; false when its partition should wait a little. */
  #refused({ writer, batch }: Sent, error: KafkaError): boolean {
    const { type } = error;
    const { topic, partition } = writer.place;
    if (REFUSED.has(type)) {
      writer.split(({ call, record }) => {
        call.fail(refused(record, { error, partition }));
      });
      return true;
    }
    if (STALE_PRODUCER.has(type)) {
      this.#producer = null;
      // K4: sent before without a known end, it may stand there, and a new producer's copy would stand beside it.
      if (batch.doubtCount === 0) writer.rewind();
      else writer.expire(Infinity, () => failedToProduce(`${topic}/${partition}: ${type}`, error));
      return true;
    }
    if (isHalting(error)) {
      this.#giveUp([writer], error);
      return true;
    }
    if (MAYBE_APPENDED.has(type)) batch.doubtCount += 1;
    if (type === "UNKNOWN_TOPIC_OR_PARTITION") this.#forget(writer);
    this.#outage.noticed(error);
    this.#refresh();
    return false;
  }

  #giveUp(writers: readonly PartitionWriter[], error: unknown): void {
    for (const writer of writers) writer.expire(Infinity, () => brokerError("cannot write", error));
    this.#producer = null;
  }

  /** The topic is gone, or not known to this broker yet: metadata decides. */
  #forget(writer: PartitionWriter): void {
    const { topic } = writer.place;
    this.#client
      .refresh()
      .then(() => this.#client.partitionsOf(topic))
      .catch((error: unknown) => {
        if (errorType(error) !== "MillraceError" || !isHalting(error)) return;
        this.#partitionCounts.delete(topic);
        this.#giveUp([writer], error);
      });
  }

  #identity(): Promise<ProducerIdentity> {
    if (this.#producer === null) {
      const producer = initProducer(this.#client);
      this.#producer = producer;
      producer.catch(() => {
        if (this.#producer === producer) this.#producer = null;
      });
    }
    return this.#producer;
  }

  #refresh(): void {
    this.#client.refresh().then(
      () => this.#planFlush(),
      (error: unknown) => this.#outage.noticed(error),
    );
  }

  #startTimers(): void {
    if (this.#timers.length > 0) return;
    this.#timers = [
      setInterval(() => this.#expire(), EXPIRY_CHECK_MS),
      setInterval(() => void this.#growTopics(), METADATA_REFRESH_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  #expire(): void {
    const until = performance.now() - DEADLINE_MS;
    const error = (): MillraceError =>
      failedToProduce(`no acknowledgement within ${DEADLINE_MS} ms`);
    for (const call of this.#unplaced) if (call.calledAt <= until) call.fail(error());
    for (const writer of this.#writers.values()) {
      if (writer.isSending) continue;
      // A sequence that may have been used cannot be used again: the next batch begins another one.
      if (writer.expire(until, error).isBatchInDoubt) this.#producer = null;
    }
  }

  /** A topic may have grown: keys go to where other clients would put them now. */
  async #growTopics(): Promise<void> {
    for (const topic of this.#partitionCounts.keys()) {
      const places = await this.#client.partitionsOf(topic).catch(() => null);
      if (places !== null) this.#partitionCounts.set(topic, places.length);
    }
  }
}

/** What is in the batch can never be written. */
const REFUSED: ReadonlySet<string> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
]);

/** The broker has lost, or never had, this producer's place: a new identity is needed. */
const STALE_PRODUCER: ReadonlySet<string> = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "DUPLICATE_SEQUENCE_NUMBER",
]);

/** Answers that leave open whether the batch stands in the log. */
const MAYBE_APPENDED: ReadonlySet<string> = new Set([
  "REQUEST_TIMED_OUT",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "NETWORK_EXCEPTION",
]);

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function failedToProduce(why: string, cause?: unknown): MillraceError {
  const text = cause === undefined ? why : `${why}: ${errorText(cause)}`;
  return new MillraceError("PRODUCE_FAILED", `write was not acknowledged: ${text}`, { cause });
}

function refused(
  record: SinkRecord,
  { error, partition }: { readonly error: KafkaError; readonly partition: number },
): MillraceError {
  const bytes = recordBytesMax(record);
  const message = `record refused by ${record.topic}/${partition}: ${error.message} (${bytes} bytes)`;
  return new MillraceError("PRODUCE_REFUSED", message, {
    cause: error,
    details: { topic: record.topic, partition, bytes, type: error.type },
  });
}

function noPartition(
  { topic }: SinkRecord,
  { partition, count }: { readonly partition: number; readonly count: number },
): MillraceError {
  const message = `no such partition: ${topic}/${partition} (the topic has ${count})`;
  return new MillraceError("PRODUCE_REFUSED", message, { details: { topic, partition, count } });
}
