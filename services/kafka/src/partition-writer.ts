/**
 * What waits to be written to one partition, and the one batch of it that is on its way.
 *
 * Invariants: W1 one batch at a time, so records keep their order. W2 a batch keeps its bytes, producer and sequence
 * until its fate is known, so the broker tells a repeat from a new one. W3 a sequence number is used up only by a
 * batch that was acknowledged, or whose producer is given up.
 */
import { asOffset, type SinkRecord, type TopicPartition } from "@millrace/engine";
import type { ProducerIdentity } from "./produce-protocol.ts";
import { encodeBatch } from "./record-batch.ts";
import type { SinkCall } from "./sink-call.ts";

/** A record of a call on its way. */
export interface Entry {
  readonly record: SinkRecord;
  readonly call: SinkCall;
  /** Its place in the call. */
  readonly index: number;
  /** Its size in a batch, at most. */
  readonly bytes: number;
}

/** Records sent together; see W2. */
export interface Batch {
  readonly entries: readonly Entry[];
  readonly bytes: Buffer;
  readonly producer: ProducerIdentity;
  readonly firstSequence: number;
  /** How often it was sent without a known end. */
  doubtCount: number;
}

/** Kafka's own bound is `max.message.bytes`, 1 MiB by default; a record beyond this goes alone. */
const BATCH_BYTES_MAX = 524_288;
const SEQUENCE_LIMIT = 0x8000_0000;

/** See the head of this file. */
export class PartitionWriter {
  readonly place: TopicPartition;
  /** Is part of an open request. */
  isSending = false;
  #waiting: Entry[] = [];
  #batch: Batch | null = null;
  #producer: ProducerIdentity | null = null;
  #nextSequence = 0;
  #recordsMax = Infinity;

  constructor(place: TopicPartition) {
    this.place = place;
  }

  get isIdle(): boolean {
    return this.#batch === null && this.#waiting.length === 0;
  }

  /** When the oldest record here was handed in; null when idle. */
  get oldestAt(): number | null {
    return (this.#batch?.entries[0] ?? this.#waiting[0])?.call.calledAt ?? null;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
  }

  /** The batch to send now: the one in doubt again, else the next; null when nothing is left to send. */
  next(producer: ProducerIdentity, timestampMs: number): Batch | null {
    if (this.#batch !== null) return this.#batch;
    const entries = this.#takeEntries();
    if (entries.length === 0) return null;
    if (this.#producer !== producer) {
      this.#producer = producer;
      this.#nextSequence = 0;
    }
    const firstSequence = this.#nextSequence;
    this.#nextSequence = (firstSequence + entries.length) % SEQUENCE_LIMIT;
    const records = entries.map(({ record }) => record);
    const bytes = encodeBatch(records, { ...producer, firstSequence, timestampMs });
    this.#batch = { entries, bytes, producer, firstSequence, doubtCount: 0 };
    return this.#batch;
  }

  /** The batch stands in the log from `baseOffset` on. */
  acknowledged(baseOffset: number): void {
    const { entries } = this.#takeBatch();
    const { topic, partition } = this.place;
    entries.forEach(({ call, index }, at) => {
      call.acknowledge(index, { topic, partition, offset: asOffset(baseOffset + at) });
    });
    this.#recordsMax *= 2;
  }

  /** The batch was refused and is not in the log: its records are written anew, under another producer. */
  rewind(): void {
    const { entries } = this.#takeBatch();
    this.#waiting = [...entries, ...this.#waiting];
    this.#producer = null;
  }

  /**
   * The batch was refused for what is in it and is not in the log: its halves are tried apart, down to the one
   * record that `refuse` is called for.
   */
  split(refuse: (entry: Entry) => void): void {
    const { entries, firstSequence } = this.#takeBatch();
    this.#nextSequence = firstSequence;
    const [first] = entries;
    if (entries.length === 1 && first !== undefined) return refuse(first);
    this.#recordsMax = Math.ceil(entries.length / 2);
    this.#waiting = [...entries, ...this.#waiting];
  }

  /** Gives up what was handed in at or before `until`; everything, if the batch on its way is part of it. */
  expire(until: number, error: () => Error): { readonly isBatchInDoubt: boolean } {
    const { oldestAt } = this;
    if (oldestAt === null || oldestAt > until) return { isBatchInDoubt: false };
    const isBatchInDoubt = this.#batch !== null && this.#batch.doubtCount > 0;
    const failed = [...(this.#batch?.entries ?? [])];
    const kept: Entry[] = [];
    for (const entry of this.#waiting) (entry.call.calledAt > until ? kept : failed).push(entry);
    this.#batch = null;
    this.#producer = null;
    this.#waiting = kept;
    for (const { call } of failed) if (!call.isSettled) call.fail(error());
    return { isBatchInDoubt };
  }

  /** What is not part of a batch yet and belongs to a call that failed elsewhere is left out. */
  #takeEntries(): readonly Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    let at = 0;
    for (; at < this.#waiting.length && entries.length < this.#recordsMax; at += 1) {
      const entry = this.#waiting[at];
      if (entry === undefined || entry.call.isSettled) continue;
      if (entries.length > 0 && bytes + entry.bytes > BATCH_BYTES_MAX) break;
      entries.push(entry);
      bytes += entry.bytes;
    }
    this.#waiting = this.#waiting.slice(at);
    return entries;
  }

  #takeBatch(): Batch {
    const batch = this.#batch;
    if (batch === null) throw new Error("no batch is on its way");
    this.#batch = null;
    return batch;
  }
}
