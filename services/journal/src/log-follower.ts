/**
 * Brings an index up to its topic: deletes what retention has deleted, reads on from where the index stands, writes.
 *
 * Owns: what is read and not written yet. A log that is not the one that was indexed (it is shorter, or its last indexed
 * record was taken at another time) is another topic of the same name: the index is emptied and begun anew.
 */
import { setImmediate } from "node:timers/promises";
import {
  asOffset,
  MillraceError,
  type PartitionRange,
  type RecordBatch,
  type SourceRecord,
  type Telemetry,
  type Topic,
} from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { JournalIndexError } from "./index-error.ts";
import type { IndexTrimmer } from "./index-trimmer.ts";
import type { IndexPosition, IndexWriter, ReadRecord, Written } from "./index-writer.ts";
import type { JournalPageReader } from "./page-reader.ts";

/** Bytes of pages that are written in one transaction: its process does nothing else meanwhile, for some 100 ms. */
const TRANSACTION_BYTES = 1_048_576;
/** How often in a row a pass may have to begin again, since the log or the file has changed under it. */
const PASSES_MAX = 5;
/** Pages after which a reading that goes on for ever is begun anew, so that what retention deletes is deleted here too. */
const FOLLOWED_PAGES_MAX = 1_000;

/** How far a pass has come. */
export interface IndexProgress {
  /** Records of the topic that were read, and how many there were to read. */
  readonly readCount: number;
  readonly totalCount: number;
}

/** How an index is brought up to its topic. */
export interface CatchUpOptions {
  /** Ends it early; what was read is kept. */
  readonly signal?: AbortSignal;
  /** Called after each transaction. */
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** What it works with. */
export interface FollowerPorts {
  readonly topic: Topic;
  readonly reader: LogReader;
  readonly pages: JournalPageReader;
  readonly writer: IndexWriter;
  readonly trimmer: IndexTrimmer;
  /** Empties the index. */
  readonly remake: () => void;
  readonly telemetry: Telemetry;
}

/** `again`: what was read so far is written, but positions or log are not what they were. */
type PassEnd = "done" | "again";

/** See the head of this file. */
export class LogFollower {
  readonly #ports: FollowerPorts;
  #isVerified = false;
  /** As they lie in the log: entries that wait would outlive V8's young generation. */
  #pending: SourceRecord[] = [];
  #pendingBytes = 0;
  #progress = { readCount: 0, totalCount: 0 };

  constructor(ports: FollowerPorts) {
    this.#ports = ports;
  }

  /** Reads to the end that the log has now. */
  async catchUp(options: CatchUpOptions): Promise<void> {
    for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
      if ((await this.#pass("now", options)) === "done") return;
    }
    const message = `the log or the index of ${this.#ports.topic} changes while it is read`;
    throw new JournalIndexError("JOURNAL_LOG_UNSTEADY", message);
  }

  /** Reads on and on, until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!isOver(signal)) {
      await this.catchUp({ signal });
      if (!isOver(signal)) await this.#pass("ever", { signal });
    }
  }

  async #pass(until: "now" | "ever", options: CatchUpOptions): Promise<PassEnd> {
    const { reader, topic, writer } = this.#ports;
    this.#forget();
    writer.begin();
    const ranges = await reader.ranges(topic);
    await this.#trim(ranges, options.signal);
    const plan = this.#plan(ranges);
    if (plan === null) return this.#beginAnew();
    try {
      return await this.#read(plan, until, options);
    } catch (error) {
      // Retention was faster than the reading: the log begins later now.
      if (error instanceof MillraceError && error.code === "OFFSETS_GONE") return "again";
      throw error;
    }
  }

  async #trim(ranges: readonly PartitionRange[], signal: AbortSignal | undefined): Promise<void> {
    const { trimmer } = this.#ports;
    let hasTrimmed = false;
    for (const { partition, logStartOffset } of ranges) {
      while (signal?.aborted !== true && trimmer.trim(partition, logStartOffset)) {
        hasTrimmed = true;
        await setImmediate();
      }
    }
    if (hasTrimmed) trimmer.sweep();
  }

  /** Null: this is not the log that was indexed. */
  #plan(ranges: readonly PartitionRange[]): Plan | null {
    const reads: Required<ReadRange>[] = [];
    const checks = new Map<number, IndexPosition>();
    const { topic, writer } = this.#ports;
    for (const { partition, logStartOffset, logEndOffset: to } of ranges) {
      const position = writer.position(partition);
      if (position !== null && position.next > to) return null;
      let from = Math.max(position?.next ?? 0, logStartOffset);
      this.#progress.totalCount += to - from;
      if (!this.#isVerified && position !== null && position.next > logStartOffset) {
        checks.set(partition, position);
        from = position.next - 1;
      }
      reads.push({ topic, partition, from: asOffset(from), to });
    }
    return { reads, checks };
  }

  async #read(
    { reads, checks }: Plan,
    until: "now" | "ever",
    { signal, onProgress }: CatchUpOptions,
  ): Promise<PassEnd> {
    const ranges = until === "now" ? reads : reads.map(endless);
    for await (const batch of this.#ports.reader.read(ranges, signal)) {
      if (!(await this.#take(batch, checks))) return this.#beginAnew();
      if (!this.#isDue(batch, until)) continue;
      if (!this.#write()) return "again";
      onProgress?.({ ...this.#progress });
      if (until === "ever" && this.#progress.readCount >= FOLLOWED_PAGES_MAX) return "done";
      await setImmediate();
    }
    this.#isVerified ||= signal?.aborted !== true;
    if (!this.#write()) return "again";
    onProgress?.({ ...this.#progress });
    return "done";
  }

  /** False: a record is not the one that was indexed. */
  async #take({ records }: RecordBatch, checks: Map<number, IndexPosition>): Promise<boolean> {
    for (const record of records) {
      const check = checks.get(record.partition);
      if (check !== undefined && record.offset < check.next) {
        if (record.timestampMs !== check.lastAt) return false;
        continue;
      }
      await this.#takeNew(record);
    }
    return true;
  }

  async #takeNew(record: SourceRecord): Promise<void> {
    await this.#ports.pages.prepare(record);
    this.#pending.push(record);
    this.#pendingBytes += record.value?.length ?? 0;
    this.#progress.readCount += 1;
  }

  /** A reading that goes on for ever has each partition's latest written at once. */
  #isDue({ records, logEndOffset }: RecordBatch, until: "now" | "ever"): boolean {
    if (this.#pendingBytes >= TRANSACTION_BYTES) return true;
    return until === "ever" && (records.at(-1)?.offset ?? 0) + 1 >= logEndOffset;
  }

  /** False: another process has begun the index anew. */
  #write(): boolean {
    const records = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (records.length === 0) return true;
    const written = this.#ports.writer.write(this.#readings(records));
    if (written === null) return false;
    this.#tellUnreadable(written);
    return true;
  }

  *#readings(records: readonly SourceRecord[]): Generator<ReadRecord> {
    for (const record of records) {
      const { partition, offset, timestampMs: takenAt } = record;
      yield { place: { partition, offset }, takenAt, reading: this.#ports.pages.decode(record) };
    }
  }

  #tellUnreadable({ firstUnreadable: first, unreadableCount: count }: Written): void {
    if (first === null) return;
    const { topic, telemetry } = this.#ports;
    const { partition, offset, detail: error } = first;
    const fields = { topic, partition, offset, count, error };
    telemetry.log("warn", "records of the journal cannot be read", fields);
  }

  #beginAnew(): PassEnd {
    const { topic, telemetry, remake } = this.#ports;
    telemetry.log("info", "the journal's topic is another one: its index begins anew", { topic });
    remake();
    return "again";
  }

  #forget(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#progress = { readCount: 0, totalCount: 0 };
  }
}

interface Plan {
  readonly reads: readonly Required<ReadRange>[];
  /** The last record of a partition that is indexed, to be looked at once. */
  readonly checks: Map<number, IndexPosition>;
}

function endless({ topic, partition, from }: ReadRange): ReadRange {
  return { topic, partition, from };
}

/** Asked through a function because it changes while others await. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
