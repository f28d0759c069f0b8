import type { PartitionId, Topic } from "../core/identity.ts";
import type { RecordBatch, SourceRecord } from "../ports.ts";

/** Records fetched ahead before the source pauses a partition, and below which it goes on. */
const HELD_MAX = 2_000;
const HELD_RESUME = 500;

/** Fetched records of one partition that the engine has no room for yet. Owns their order, nothing else. */
export class Inbox {
  readonly topic: Topic;
  readonly partition: PartitionId;
  /** The engine is at a bound. */
  isClosed = false;
  /** The first record waits for its writer schema. */
  isAwaitingSchema = false;
  isSourcePaused = false;
  #records: readonly SourceRecord[] = [];
  #head = 0;

  constructor(topic: Topic, partition: PartitionId) {
    this.topic = topic;
    this.partition = partition;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  /** Whether the engine could take records now. */
  get isReady(): boolean {
    return this.length > 0 && !this.isClosed && !this.isAwaitingSchema;
  }

  /** What the source should do: fetch on, hold, or as it does now. */
  get wish(): "pause" | "resume" | "as-is" {
    if (!this.isSourcePaused && this.length >= HELD_MAX) return "pause";
    return this.isSourcePaused && this.length <= HELD_RESUME ? "resume" : "as-is";
  }

  push(batch: RecordBatch): void {
    this.#records =
      this.length === 0 ? batch.records : this.#records.slice(this.#head).concat(batch.records);
    this.#head = 0;
  }

  /** The first record, left in place. */
  peek(): SourceRecord | undefined {
    return this.#records[this.#head];
  }

  /** Drops the first record. */
  shift(): void {
    this.#head += 1;
    if (this.length > 0) return;
    this.#records = [];
    this.#head = 0;
  }
}
