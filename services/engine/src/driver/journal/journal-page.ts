/**
 * A page of the journal: many entries as one record of `<ns>.deliveries`. JSON in version 1 (SPEC.md, "On the wire"):
 *
 *   { "v": 1, "target": <name>,
 *     "entries": [[topic, partition, "offset", epoch, key, id, source, type, tenant, outcome, reason, detail,
 *                  revision, settledAt, traceId, attemptCount, [[startedAt, durationMs, end, status], ...], job], ...],
 *     "skipped": [[topic, partition, "from", "to", epoch, revision], ...],
 *     "texts": [<what topic, source, type, tenant, outcome, reason, revision and end are indexes of>] }
 *
 * Built by hand: an entry must cost about a microsecond, and its length be known.
 */
import { Buffer } from "node:buffer";
import type { JournalAttempt, JournalEntry, JournalKey, JournalSkip } from "./journal-entry.ts";

/** The version that is written; a reader knows this one alone. */
export const JOURNAL_VERSION = 1;

/** Puts a page together. */
export class JournalPageBuilder {
  readonly #target: string;
  readonly #indexes = new Map<string, number>();
  #texts = "";
  #entries = "";
  #skipped = "";
  #lastSkip: JournalSkip | null = null;
  #bytes: number;
  #entryCount = 0;
  #skippedCount = 0;
  #partCount = 0;

  constructor(target: string) {
    this.#target = JSON.stringify(target);
    this.#bytes = this.#build().length;
  }

  /** Length of the page as it stands, bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries and runs. */
  get partCount(): number {
    return this.#partCount;
  }

  /** Settled offsets that the page tells of. */
  get settledCount(): number {
    return this.#entryCount + this.#skippedCount;
  }

  add(entry: JournalEntry): void {
    const text = this.#entryText(entry);
    const separator = this.#entryCount === 0 ? "" : ",";
    this.#entries += separator + text;
    this.#bytes += separator.length + Buffer.byteLength(text);
    this.#entryCount += 1;
    this.#partCount += 1;
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
    this.#partCount += 1;
  }

  /** The page; nothing may be added after. */
  finish(): Buffer {
    this.#closeSkip();
    return Buffer.from(this.#build());
  }

  #build(): string {
    const parts = `"entries":[${this.#entries}],"skipped":[${this.#skipped}],"texts":[${this.#texts}]`;
    return `{"v":${JOURNAL_VERSION},"target":${this.#target},${parts}}`;
  }

  #closeSkip(): void {
    if (this.#lastSkip === null) return;
    const { topic, partition, from, to, epoch, mappingRevision } = this.#lastSkip;
    const place = `${this.#text(topic)},${partition},"${from}","${to}"`;
    const text = `[${place},${epoch},${this.#text(mappingRevision)}]`;
    const separator = this.#skipped === "" ? "" : ",";
    this.#skipped += separator + text;
    this.#bytes += separator.length + text.length;
    this.#lastSkip = null;
  }

  #entryText(entry: JournalEntry): string {
    const place = `${this.#text(entry.topic)},${entry.partition},"${entry.offset}",${entry.epoch}`;
    const name = `${keyText(entry.key)},${jsonText(entry.id)},${this.#textOrNull(entry.source)}`;
    const kind = `${this.#textOrNull(entry.type)},${this.#text(entry.tenant)}`;
    const why = `${this.#textOrNull(entry.reason)},${jsonText(entry.detail)}`;
    const end = `${this.#text(entry.outcome)},${why},${this.#text(entry.mappingRevision)}`;
    const seen = `${entry.settledAt},${jsonText(entry.traceId)},${entry.attemptCount}`;
    // Most are live, and say nothing of it.
    const job = entry.job === null ? "" : `,${this.#text(entry.job)}`;
    return `[${place},${name},${kind},${end},${seen},[${this.#attempts(entry.attempts)}]${job}]`;
  }

  #attempts(attempts: readonly JournalAttempt[]): string {
    let text = "";
    for (const { startedAt, durationMs, end, status } of attempts) {
      if (text !== "") text += ",";
      text += `[${startedAt},${durationMs},${this.#text(end)},${status}]`;
    }
    return text;
  }

  #textOrNull(text: string | null): number | null {
    return text === null ? null : this.#text(text);
  }

  /** The index of a text; most of them come again and again. */
  #text(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    this.#indexes.set(text, index);
    const added = (index === 0 ? "" : ",") + JSON.stringify(text);
    this.#texts += added;
    this.#bytes += Buffer.byteLength(added);
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

function jsonText(text: string | null): string {
  return text === null ? "null" : JSON.stringify(text);
}

function keyText(key: JournalKey | null): string {
  if (key === null || typeof key === "string") return jsonText(key);
  return `{"hex":${JSON.stringify(key.hex)}}`;
}
