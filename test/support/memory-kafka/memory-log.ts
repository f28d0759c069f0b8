import {
  asOffset,
  type Offset,
  type SinkRecord,
  type SourceRecord,
  type TopicPartition,
} from "@millrace/engine";

/** What is written to a log. */
export type NewLogRecord = Pick<SinkRecord, "key" | "value" | "headers">;

/** One partition's log in memory: offsets ascending from 0, gaps where records are hidden. */
export class MemoryLog {
  readonly place: TopicPartition;
  readonly #records: SourceRecord[] = [];
  readonly #readers = new Set<() => void>();
  #start = 0;
  #end = 0;

  constructor(place: TopicPartition) {
    this.place = place;
  }

  get startOffset(): Offset {
    return asOffset(this.#start);
  }

  get endOffset(): Offset {
    return asOffset(this.#end);
  }

  /** All that can still be read, ascending. */
  get records(): readonly SourceRecord[] {
    return this.#records;
  }

  /** Appends a record; readers hear of it. */
  append({ key, value, headers }: NewLogRecord, timestampMs: number): Offset {
    const { topic, partition } = this.place;
    const offset = asOffset(this.#end);
    this.#records.push({ topic, partition, offset, timestampMs, key, value, headers });
    this.#end += 1;
    this.#tell();
    return offset;
  }

  /** Uses up offsets that no reader ever sees, as an aborted transaction does. */
  hide(count: number): void {
    this.#end += count;
    this.#tell();
  }

  /** Deletes everything below `before`, as retention does. */
  truncate(before: Offset): void {
    this.#start = Math.max(this.#start, before);
    this.#records.splice(0, this.#indexFrom(this.#start));
  }

  /** Records from `from` on, at most `countMax`, and where to read next. */
  read(
    from: Offset,
    countMax: number,
  ): { readonly records: readonly SourceRecord[]; readonly next: Offset } {
    const index = this.#indexFrom(from);
    const records = this.#records.slice(index, index + countMax);
    const last = records.at(-1);
    const isCutOff = last !== undefined && index + records.length < this.#records.length;
    return { records, next: asOffset(isCutOff ? last.offset + 1 : this.#end) };
  }

  /** The first record at or after a time, or null. */
  at(epochMs: number): Offset | null {
    return this.#records.find(({ timestampMs }) => timestampMs >= epochMs)?.offset ?? null;
  }

  /** Calls `reader` after each append until the returned function is called. */
  onAppend(reader: () => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  #tell(): void {
    for (const reader of this.#readers) reader();
  }

  #indexFrom(offset: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.offset ?? Infinity) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
