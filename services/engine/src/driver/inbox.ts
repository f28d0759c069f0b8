import type { PartitionId, Topic } from "../core/lanes/identity.ts";
import type { RecordBatch, SourceRecord } from "../ports.ts";
import { recordBytes } from "./record-bytes.ts";

/** Records and bytes fetched ahead before the source pauses a partition, and below which it goes on. */
const HELD = { countMax: 250, bytesMax: 1_048_576 } as const;
const RESUME_SHARE = 0.5;

/** Fetched records of one partition that the engine has not taken yet. Owns their order, nothing else. */
export class Inbox {
  readonly topic: Topic;
  readonly partition: PartitionId;
  /** The engine is at a bound. */
  isClosed = false;
  /** The first record waits for its writer schema. */
  isAwaitingSchema = false;
  isSourcePaused = false;
  /** Those before the head have been taken, and are forgotten: they hold a whole answer of the broker. */
  #records: (SourceRecord | undefined)[] = [];
  #head = 0;
  #bytes = 0;

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
    const load = Math.max(this.length / HELD.countMax, this.#bytes / HELD.bytesMax);
    if (!this.isSourcePaused && load >= 1) return "pause";
    return this.isSourcePaused && load <= RESUME_SHARE ? "resume" : "as-is";
  }

  push({ records }: RecordBatch): void {
    this.#records = this.#records.slice(this.#head).concat(records);
    this.#head = 0;
    for (const record of records) this.#bytes += recordBytes(record);
  }

  /** The first record, left in place. */
  peek(): SourceRecord | undefined {
    return this.#records[this.#head];
  }

  /** Drops the first record. */
  shift(): void {
    const record = this.peek();
    if (record === undefined) return;
    this.#bytes -= recordBytes(record);
    this.#records[this.#head] = undefined;
    this.#head += 1;
    if (this.length > 0) return;
    this.#records = [];
    this.#head = 0;
  }
}
