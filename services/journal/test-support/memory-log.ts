/** The journal's topic in memory, behind the port that the index reads it through. */
import {
  asOffset,
  asPartition,
  asTopic,
  MillraceError,
  type Offset,
  type PartitionRange,
  type RecordBatch,
  type SourceRecord,
} from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { pageBytes, T0, type PageParts } from "./pages.ts";

/** Records that one batch has at most. */
const BATCH_RECORDS = 2;

/** A topic whose records a test writes, and whose start it moves. */
export class MemoryLog implements LogReader {
  readonly topic = asTopic("ns.deliveries");
  /** What each reading asked for, as `partition:from`. */
  readonly asked: string[][] = [];
  readonly #logs: { start: number; readonly records: SourceRecord[] }[];
  #wake: () => void = () => undefined;
  /** Called before each batch is handed over; throws where a reading must fail. */
  onBatch: () => void = () => undefined;

  constructor(partitionCount = 2) {
    this.#logs = Array.from({ length: partitionCount }, () => ({ start: 0, records: [] }));
  }

  /** Writes a page; given the time at which the brokers take it, epoch ms. */
  page(parts: PageParts, partition = 0, takenAt = T0): void {
    this.write(pageBytes(parts), partition, takenAt);
  }

  /** Writes a record. */
  write(value: Buffer | null, partition = 0, takenAt = T0): void {
    const { records } = this.#logAt(partition);
    records.push({
      ...{ topic: this.topic, partition: asPartition(partition), offset: asOffset(records.length) },
      ...{ timestampMs: takenAt, key: null, value, headers: {} },
    });
    this.#wake();
  }

  /** Deletes what is below an offset, as retention does. */
  truncate(before: number, partition = 0): void {
    this.#logAt(partition).start = before;
  }

  /** Deletes the topic and makes it anew, empty. */
  recreate(): void {
    for (const log of this.#logs) {
      log.start = 0;
      log.records.length = 0;
    }
  }

  ranges(): Promise<readonly PartitionRange[]> {
    return Promise.resolve(
      this.#logs.map(({ start, records }, partition) => ({
        partition: asPartition(partition),
        logStartOffset: asOffset(start),
        logEndOffset: asOffset(records.length),
      })),
    );
  }

  offsetAt(): Promise<Offset> {
    return Promise.reject(new Error("nothing asks for it"));
  }

  async *read(
    ranges: readonly ReadRange[],
    signal?: AbortSignal,
  ): AsyncGenerator<RecordBatch, void> {
    this.asked.push(ranges.map(({ partition, from }) => `${partition}:${from}`));
    const left = ranges.map((range) => ({ ...range }));
    while (signal?.aborted !== true) {
      const batch = this.#first(left);
      if (batch !== null) {
        this.onBatch();
        yield batch;
      } else if (left.every(({ to }) => to !== undefined)) return;
      else await this.#untilWritten(signal);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #first(ranges: readonly ReadRange[]): RecordBatch | null {
    for (const range of ranges) {
      const batch = this.#next(range);
      if (batch !== null) return batch;
    }
    return null;
  }

  #next(range: { -readonly [Name in keyof ReadRange]: ReadRange[Name] }): RecordBatch | null {
    const { topic, partition, from, to = Infinity } = range;
    const { start, records } = this.#logAt(partition);
    if (from < start) throw new MillraceError("OFFSETS_GONE", `gone: ${partition}/${from}`);
    const batch = records.slice(from, Math.min(from + BATCH_RECORDS, to));
    if (batch.length === 0) return null;
    range.from = asOffset(from + batch.length);
    return { topic, partition, records: batch, logEndOffset: asOffset(records.length) };
  }

  #untilWritten(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #logAt(partition: number): { start: number; readonly records: SourceRecord[] } {
    const log = this.#logs[partition];
    if (log === undefined) throw new Error(`no partition ${partition}`);
    return log;
  }
}
