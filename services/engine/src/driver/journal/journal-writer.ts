/**
 * Writes the journal of one target: packs what settled into pages and hands them to a sink of its own.
 *
 * The journal informs and never decides, so nothing waits for it: a page that cannot be written, and entries for which
 * there is no room, are dropped and counted. Until the schema's id is known there is room for one page.
 * Owns: the page that is being filled, its timer, the count of open writes.
 */
import { Buffer } from "node:buffer";
import type { SkippedRun } from "../../core/effect.ts";
import { FIRST_ATTEMPTS_MAX, LAST_ATTEMPTS_MAX } from "../../core/lanes/attempt-log.ts";
import type { AttemptResult } from "../../core/lanes/attempt-result.ts";
import type { Delivery } from "../../core/lanes/delivery.ts";
import type { ReplayedEnd } from "../../core/replay/replay.ts";
import { assert } from "../../errors.ts";
import {
  JOURNAL_BODY_BYTES_MAX,
  type AnswerBody,
  type Cancel,
  type Counter,
  type PreparedEvent,
} from "../../ports.ts";
import { AttemptBodies } from "./attempt-bodies.ts";
import { journalEntry, type JournalEnd } from "./journal-entry.ts";
import { JournalPageBuilder } from "./journal-page.ts";
import type { DriverOptions, DriverPorts } from "../options.ts";

/** Entries and runs of a page. */
export const PAGE_PARTS_MAX = 500;
/** Bytes of a page: a record that any topic takes. */
export const PAGE_BYTES_MAX = 262_144;
/** What the longest entry takes without bodies, bytes; a page closes while it has less room than that, and for its bodies. */
export const ENTRY_BYTES_MAX = 16_384;
/** Bodies of an entry: of the request, and of as many answers as attempts are kept. */
const ENTRY_BODIES_MAX = 1 + FIRST_ATTEMPTS_MAX + LAST_ATTEMPTS_MAX;
/** What a body takes besides its text, bytes. */
const BODY_BYTES_MAX = 64;
/** How long an entry waits for others, ms; what a crash loses of the journal, besides what is being written. */
export const PAGE_AGE_MAX_MS = 250;
/** Pages that are being written; when the brokers take no more, what comes after is dropped. */
export const OPEN_PAGES_MAX = 8;
/** How long the end waits for the last pages, ms. */
export const JOURNAL_CLOSE_MS = 1_000;
/** How often lost entries are told of, ms; the metric counts them all. */
const COMPLAINT_INTERVAL_MS = 10_000;

type JournalOptions = Pick<DriverOptions, "journalTopic" | "mappingRevision" | "target">;
type JournalPorts = Pick<
  DriverPorts,
  "clock" | "journalBodies" | "journalSchemaId" | "journalSink" | "telemetry"
>;

/** See the head of this file. */
export class JournalWriter {
  readonly #options: JournalOptions;
  readonly #ports: JournalPorts;
  readonly #key: Uint8Array;
  readonly #dropped: Counter;
  readonly #bodies: AttemptBodies | null;
  readonly #entryBytesMax: number;
  /** Null: not known yet. One page is filled meanwhile, and what comes after it is dropped. */
  #schemaId: number | null = null;
  #page: JournalPageBuilder;
  #cancelFlush: Cancel = () => undefined;
  #isDue = false;
  #openCount = 0;
  #complainedAt = -Infinity;
  #untoldCount = 0;
  #whenWritten: (() => void) | null = null;
  #hasEnded = false;

  constructor(options: JournalOptions, ports: JournalPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#key = Buffer.from(options.target);
    this.#page = new JournalPageBuilder(options.target);
    const { journalBodies } = ports;
    this.#bodies = journalBodies === undefined ? null : new AttemptBodies(journalBodies);
    this.#entryBytesMax = entryBytesMax(journalBodies?.bytesMax ?? null);
    this.#dropped = ports.telemetry.counter(
      "millrace.journal.dropped",
      "settled deliveries that the journal does not tell of",
    );
    void ports.journalSchemaId.then((id) => {
      this.#schemaId = id;
      this.#flushIfDue();
    });
  }

  /** Takes the body of an attempt's answer, before the attempt's result is acted upon. */
  answered(event: PreparedEvent, result: AttemptResult, body: AnswerBody): void {
    this.#bodies?.answered(event, result, body);
  }

  /** Takes a delivery that has just settled. */
  settled(delivery: Delivery<PreparedEvent>, end: Omit<JournalEnd, "settledAt">): void {
    if (!this.#hasRoom()) return this.#drop(1, this.#whyFull());
    const settledAt = this.#ports.clock.wallNow();
    this.#page.add(journalEntry(delivery, { ...end, settledAt }, this.#bodies));
    this.#added();
  }

  /** Takes an event of a replay that has just ended. */
  replayed(
    delivery: Delivery<PreparedEvent>,
    of: { readonly end: ReplayedEnd; readonly traceId: string | null },
  ): void {
    const { end, traceId } = of;
    const outcome = end.kind === "sent" ? "delivered" : end.kind;
    this.settled(delivery, {
      outcome,
      traceId,
      ...(end.kind === "skipped" ? { skip: end.reason } : {}),
    });
  }

  /** Takes offsets that the filter left out. */
  skipped({ partition, from, to }: SkippedRun<PreparedEvent>): void {
    if (!this.#hasRoom()) return this.#drop(to - from, this.#whyFull());
    const { topic, partition: id, epoch } = partition;
    const { mappingRevision } = this.#options;
    this.#page.skip({ topic, partition: id, from, to, epoch, mappingRevision });
    this.#added();
  }

  /** Writes what is left; resolves when it is written or lost, or when that takes too long. Nothing is told after. */
  async close(): Promise<void> {
    this.#isDue = true;
    this.#flush();
    const { settledCount } = this.#page;
    if (this.#schemaId === null && settledCount > 0) this.#drop(settledCount, NO_SCHEMA);
    if (this.#openCount > 0) await this.#untilWritten();
    this.#hasEnded = true;
  }

  async #untilWritten(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const end = (): void => resolve(undefined);
    this.#whenWritten = end;
    const cancel = this.#ports.clock.schedule(JOURNAL_CLOSE_MS, end);
    await promise;
    cancel();
  }

  #added(): void {
    if (this.#isFull()) return this.#flush();
    if (this.#page.partCount > 1 || this.#isDue) return;
    this.#cancelFlush = this.#ports.clock.schedule(PAGE_AGE_MAX_MS, () => {
      this.#isDue = true;
      this.#flush();
    });
  }

  #isFull(): boolean {
    const { partCount, bytes } = this.#page;
    return partCount >= PAGE_PARTS_MAX || bytes > PAGE_BYTES_MAX - this.#entryBytesMax;
  }

  /** A full page is still there only because it could not be written. */
  #hasRoom(): boolean {
    return !this.#isFull();
  }

  #whyFull(): string {
    return this.#schemaId === null ? NO_SCHEMA : NO_ROOM;
  }

  #flushIfDue(): void {
    if (this.#isDue || this.#isFull()) this.#flush();
  }

  #flush(): void {
    const schemaId = this.#schemaId;
    if (schemaId === null || this.#openCount >= OPEN_PAGES_MAX) return;
    if (this.#page.partCount === 0 || this.#hasEnded) return;
    const { target, journalTopic: topic } = this.#options;
    const page = this.#page;
    this.#page = new JournalPageBuilder(target);
    this.#cancelFlush();
    this.#isDue = false;
    this.#openCount += 1;
    this.#ports.journalSink
      .append([{ topic, key: this.#key, value: page.finish(schemaId), headers: HEADERS }])
      .then(
        () => this.#written(),
        (error: unknown) => {
          this.#drop(page.settledCount, error instanceof Error ? error.message : String(error));
          this.#written();
        },
      );
  }

  #written(): void {
    this.#openCount -= 1;
    this.#flushIfDue();
    if (this.#openCount === 0) this.#whenWritten?.();
  }

  #drop(count: number, why: string): void {
    if (this.#hasEnded) return;
    const { target } = this.#options;
    const { clock, telemetry } = this.#ports;
    this.#dropped.add(count, { target });
    this.#untoldCount += count;
    const now = clock.now();
    if (now - this.#complainedAt < COMPLAINT_INTERVAL_MS) return;
    this.#complainedAt = now;
    const fields = { target, entries: this.#untoldCount, error: why };
    telemetry.log("warn", "journal entries lost; deliveries go on", fields);
    this.#untoldCount = 0;
  }
}

/**
 * What the longest entry takes, bytes.
 * @param bodyBytesMax of the text of a body; null: none are shown.
 */
export function entryBytesMax(bodyBytesMax: number | null): number {
  if (bodyBytesMax === null) return ENTRY_BYTES_MAX;
  assert(bodyBytesMax <= JOURNAL_BODY_BYTES_MAX, "a page has no room for an entry's bodies");
  return ENTRY_BYTES_MAX + ENTRY_BODIES_MAX * (bodyBytesMax + BODY_BYTES_MAX);
}

const NO_ROOM = "earlier pages are not written yet";
const NO_SCHEMA = "the registry's id of the journal's schema is not known yet";

const HEADERS = { "content-type": Buffer.from("application/avro") };
