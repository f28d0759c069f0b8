/**
 * A page of the journal: many entries as one record of `<ns>.deliveries`, Avro in Confluent's frame by the schema in
 * journal-schema.ts. Built by hand, field by field in the schema's order: its length must be known while it grows.
 */
import type { Buffer } from "node:buffer";
import type { JournalBody } from "../../ports.ts";
import { AvroBytes } from "./avro-bytes.ts";
import type { JournalAttempt, JournalEntry, JournalKey, JournalSkip } from "./journal-entry.ts";

/** Room for the entries of a quiet second; a full page doubles it four times. */
const ENTRIES_BYTES = 4_096;
const PARTS_BYTES = 256;
/** What stands around the parts besides the target's name: the frame, three counts and ends, a length; more than enough. */
const AROUND_BYTES_MAX = 32;

/** Puts a page together. */
export class JournalPageBuilder {
  readonly #target: string;
  readonly #indexes = new Map<string, number>();
  readonly #entries = new AvroBytes(ENTRIES_BYTES);
  readonly #skips = new AvroBytes(PARTS_BYTES);
  readonly #texts = new AvroBytes(PARTS_BYTES);
  #lastSkip: JournalSkip | null = null;
  #entryCount = 0;
  #runCount = 0;
  #skippedCount = 0;

  constructor(target: string) {
    this.#target = target;
  }

  /** Length of the page as it stands, bytes; some bytes too many, but for the last run none too few. */
  get bytes(): number {
    const parts = this.#entries.length + this.#skips.length + this.#texts.length;
    return AROUND_BYTES_MAX + this.#target.length * 3 + parts;
  }

  /** Entries and runs. */
  get partCount(): number {
    return this.#entryCount + this.#runCount;
  }

  /** Settled offsets that the page tells of. */
  get settledCount(): number {
    return this.#entryCount + this.#skippedCount;
  }

  add(entry: JournalEntry): void {
    const bytes = this.#entries;
    bytes.long(this.#index(entry.topic));
    bytes.long(entry.partition);
    bytes.long(entry.offset);
    bytes.long(entry.epoch);
    writeKey(bytes, entry.key);
    writeOptionalText(bytes, entry.id);
    this.#optionalIndex(entry.source);
    this.#optionalIndex(entry.type);
    bytes.long(this.#index(entry.tenant));
    bytes.long(this.#index(entry.outcome));
    this.#optionalIndex(entry.reason);
    writeOptionalText(bytes, entry.detail);
    bytes.long(this.#index(entry.mappingRevision));
    bytes.long(entry.settledAt);
    writeOptionalText(bytes, entry.traceId);
    bytes.long(entry.attemptCount);
    this.#attempts(entry.attempts);
    this.#optionalIndex(entry.job);
    this.#optionalBody(entry.request);
    this.#entryCount += 1;
  }

  /** Runs that follow each other become one. */
  skip(run: JournalSkip): void {
    this.#skippedCount += run.to - run.from;
    const last = this.#lastSkip;
    if (last !== null && isContinuedBy(last, run)) {
      this.#lastSkip = { ...last, to: run.to };
      return;
    }
    this.#closeSkip();
    this.#lastSkip = run;
    this.#runCount += 1;
  }

  /** The page as a record's value; nothing may be added after. */
  finish(schemaId: number): Buffer {
    this.#closeSkip();
    const page = new AvroBytes(this.bytes);
    page.frame(schemaId);
    page.text(this.#target);
    page.array(this.#entryCount, this.#entries);
    page.array(this.#runCount, this.#skips);
    page.array(this.#indexes.size, this.#texts);
    return page.finish();
  }

  #closeSkip(): void {
    if (this.#lastSkip === null) return;
    const { topic, partition, from, to, epoch, mappingRevision } = this.#lastSkip;
    const bytes = this.#skips;
    bytes.long(this.#index(topic));
    bytes.long(partition);
    bytes.long(from);
    bytes.long(to);
    bytes.long(epoch);
    bytes.long(this.#index(mappingRevision));
    this.#lastSkip = null;
  }

  #attempts(attempts: readonly JournalAttempt[]): void {
    const bytes = this.#entries;
    if (attempts.length > 0) bytes.long(attempts.length);
    for (const { startedAt, durationMs, end, status, requestId, answer } of attempts) {
      bytes.long(startedAt);
      bytes.long(durationMs);
      bytes.long(this.#index(end));
      bytes.long(status === null ? 0 : 1);
      if (status !== null) bytes.long(status);
      writeOptionalText(bytes, requestId);
      this.#optionalBody(answer);
    }
    bytes.long(0);
  }

  #optionalIndex(text: string | null): void {
    this.#entries.long(text === null ? 0 : 1);
    if (text !== null) this.#entries.long(this.#index(text));
  }

  #optionalBody(body: JournalBody | null): void {
    const bytes = this.#entries;
    bytes.long(body === null ? 0 : 1);
    if (body === null) return;
    writeOptionalText(bytes, body.text);
    bytes.long(body.byteCount);
    this.#optionalIndex(body.withheld);
  }

  /** The index of a text; most of them come again and again. */
  #index(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    this.#indexes.set(text, index);
    this.#texts.text(text);
    return index;
  }
}

function isContinuedBy(last: JournalSkip, next: JournalSkip): boolean {
  return (
    last.to === next.from &&
    last.partition === next.partition &&
    last.topic === next.topic &&
    last.epoch === next.epoch &&
    last.mappingRevision === next.mappingRevision
  );
}

function writeOptionalText(bytes: AvroBytes, text: string | null): void {
  bytes.long(text === null ? 0 : 1);
  if (text !== null) bytes.text(text);
}

/** Null, a text, or bytes that are none: the branches of the schema's union. */
function writeKey(bytes: AvroBytes, key: JournalKey | null): void {
  if (key === null || typeof key === "string") return writeOptionalText(bytes, key);
  bytes.long(2);
  bytes.text(key.hex);
}
