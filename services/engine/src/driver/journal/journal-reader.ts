/** Reads pages of the journal: the other side of journal-page.ts. */
import { Buffer } from "node:buffer";
import {
  asEpoch,
  asJob,
  asOffset,
  asPartition,
  asTopic,
  type JobId,
} from "../../core/lanes/identity.ts";
import type { JournalAttempt, JournalEntry, JournalKey, JournalSkip } from "./journal-entry.ts";
import { JOURNAL_VERSION } from "./journal-page.ts";

/** What one record of the journal tells. */
export interface JournalPage {
  readonly target: string;
  /** In the order in which the deliveries settled. */
  readonly entries: readonly JournalEntry[];
  readonly skipped: readonly JournalSkip[];
}

/** A page, or why there is none: `detail` is for people. */
export type JournalReading =
  | { readonly kind: "page"; readonly page: JournalPage }
  | { readonly kind: "unreadable"; readonly detail: string };

const OUTCOMES: readonly JournalEntry["outcome"][] = [
  "delivered",
  "dead-lettered",
  "parked",
  "skipped",
  "failed",
];

/** Reads a record's value. Names and array elements that it does not know are left aside; unknown versions are refused. */
export function readJournalPage(value: Uint8Array): JournalReading {
  try {
    return { kind: "page", page: pageOf(JSON.parse(Buffer.from(value).toString("utf8"))) };
  } catch (error) {
    const detail = error instanceof PageFault ? error.message : "it is no JSON";
    return { kind: "unreadable", detail: `no page of the journal: ${detail}` };
  }
}

class PageFault extends Error {
  override readonly name = "PageFault";
}

function pageOf(json: unknown): JournalPage {
  if (!isObject(json)) throw new PageFault("it is no object");
  const { v, target, entries, skipped, texts } = json;
  if (v !== JOURNAL_VERSION) {
    const known = `this program reads version ${JOURNAL_VERSION}`;
    throw new PageFault(`its version is ${JSON.stringify(v)}; ${known}, a newer one may read it`);
  }
  const table = listOf(texts).map(textOf);
  return {
    target: textOf(target),
    entries: listOf(entries).map((row) => entryOf(new Row(row, table))),
    skipped: listOf(skipped).map((row) => skipOf(new Row(row, table))),
  };
}

/** Takes the elements of a row one after the other. */
class Row {
  readonly #elements: readonly unknown[];
  readonly #table: readonly string[];
  #index = 0;

  constructor(row: unknown, table: readonly string[]) {
    this.#elements = listOf(row);
    this.#table = table;
  }

  next(): unknown {
    this.#index += 1;
    return this.#elements[this.#index - 1];
  }

  /** Null passes. */
  nullable<Value>(read: (element: unknown) => Value): Value | null {
    const element = this.next();
    return element === null ? null : read(element);
  }

  number(): number {
    return numberOf(this.next());
  }

  /** A text of the table. */
  readonly named = (index: unknown = this.next()): string => {
    const text = this.#table[numberOf(index)];
    if (text === undefined) throw new PageFault("an index points at no text");
    return text;
  };

  /** Offsets are strings: they may exceed what every JSON reader keeps exactly. */
  offset(): number {
    const offset = Number(textOf(this.next()));
    if (!Number.isSafeInteger(offset)) throw new PageFault("an offset is no integer");
    return offset;
  }

  /** Live entries end before it. */
  jobIfAny(): JobId | null {
    const element = this.next();
    return element === undefined || element === null ? null : asJob(this.named(element));
  }

  rows(): readonly Row[] {
    return listOf(this.next()).map((row) => new Row(row, this.#table));
  }
}

/** Elements are taken in the order in which they stand. */
function entryOf(row: Row): JournalEntry {
  return {
    topic: asTopic(row.named()),
    partition: asPartition(row.number()),
    offset: asOffset(row.offset()),
    epoch: asEpoch(row.number()),
    key: row.nullable(keyOf),
    id: row.nullable(textOf),
    source: row.nullable(row.named),
    type: row.nullable(row.named),
    tenant: row.named(),
    outcome: outcomeOf(row.named()),
    reason: row.nullable(row.named),
    detail: row.nullable(textOf),
    mappingRevision: row.named(),
    settledAt: row.number(),
    traceId: row.nullable(textOf),
    attemptCount: row.number(),
    attempts: row.rows().map(attemptOf),
    job: row.jobIfAny(),
  };
}

function attemptOf(row: Row): JournalAttempt {
  return {
    startedAt: row.number(),
    durationMs: row.number(),
    end: row.named(),
    status: row.nullable(numberOf),
  };
}

function skipOf(row: Row): JournalSkip {
  return {
    topic: asTopic(row.named()),
    partition: asPartition(row.number()),
    from: asOffset(row.offset()),
    to: asOffset(row.offset()),
    epoch: asEpoch(row.number()),
    mappingRevision: row.named(),
  };
}

function outcomeOf(text: string): JournalEntry["outcome"] {
  const outcome = OUTCOMES.find((known) => known === text);
  if (outcome === undefined) throw new PageFault(`"${text}" is no outcome`);
  return outcome;
}

function keyOf(element: unknown): JournalKey {
  if (typeof element === "string") return element;
  if (!isObject(element)) throw new PageFault("a key is no text");
  return { hex: textOf(element["hex"]) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new PageFault("a list is missing");
  return value as readonly unknown[];
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new PageFault("a text is missing");
  return value;
}

function numberOf(value: unknown): number {
  if (typeof value !== "number") throw new PageFault("a number is missing");
  return value;
}
