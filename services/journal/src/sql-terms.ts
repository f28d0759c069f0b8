import { journalText, type JournalEntry, type JournalKey } from "@millrace/engine";
import { keyValue } from "./entry-row.ts";
import { DELIVERED_ID, INDEXED_STATUS_MIN } from "./index-tables.ts";
import type { SqlValue } from "./sqlite.ts";
import type { TextTable } from "./text-table.ts";

/** A condition on rows, and what its question marks stand for. */
export interface SqlTerm {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** The index that finds rows by it; null: rows are looked at one by one. */
  readonly index: string | null;
}

/** A place in a log that events are delivered from. */
export interface EventPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Offsets of the longest run there is: one that holds an offset begins no further before it. */
export const LONGEST_RUN = "SELECT coalesce(max(value), 0) FROM meta WHERE name = 'longest_run'";

/** Gathers conditions that must all hold; what is undefined is no condition. */
export class SqlTerms {
  readonly #texts: TextTable;
  readonly terms: SqlTerm[] = [];
  /** A text is asked for that stands nowhere: no row can match. */
  isHopeless = false;

  constructor(texts: TextTable) {
    this.#texts = texts;
  }

  /** All conditions, joined. */
  get where(): string {
    return this.terms.map(({ sql }) => sql).join(" AND ");
  }

  /** The values of all conditions. */
  get values(): readonly SqlValue[] {
    return this.terms.flatMap(({ values }) => values);
  }

  /** A condition as it stands. */
  add(sql: string, values: readonly SqlValue[], index: string | null = null): void {
    this.terms.push({ sql, values, index });
  }

  /** A column that holds texts by number. */
  named(column: string, text: string | undefined, index: string | null = null): void {
    if (text === undefined) return;
    const id = this.#texts.find(asKept(text));
    if (id === null) this.isHopeless = true;
    else this.add(`${column} = ?`, [id], index);
  }

  /** A column that is compared with a number. */
  compared(sql: string, value: number | undefined): void {
    if (value !== undefined) this.add(`${sql} ?`, [value]);
  }

  eventId(id: string | undefined): void {
    if (id !== undefined) this.add("event_id = ?", [asKept(id)], "entries_by_id");
  }

  place(place: EventPlace | undefined): void {
    if (place === undefined) return;
    this.named("topic", place.topic, "entries_by_place");
    this.compared("partition =", place.partition);
    this.compared("offset =", place.offset);
  }

  key(key: JournalKey | undefined): void {
    if (key === undefined) return;
    const kept = typeof key === "string" ? asKept(key) : { hex: asKept(key.hex) };
    this.add("key = ?", [keyValue(kept)], "entries_by_key");
  }

  /** What almost every entry has is in no index, and SQLite must be told in so many words that it is not asked for. */
  outcome(outcome: JournalEntry["outcome"] | undefined): void {
    if (outcome === undefined || outcome === "delivered") this.named("outcome", outcome);
    else this.named(`outcome <> ${DELIVERED_ID} AND outcome`, outcome, "entries_by_outcome");
  }

  /** Likewise. */
  status(status: number | undefined): void {
    if (status === undefined) return;
    const min = INDEXED_STATUS_MIN;
    if (status < min) this.add("status = ?", [status]);
    else this.add(`status >= ${min} AND status = ?`, [status], "entries_by_status");
  }
}

/** A text as the journal has it: cut where it was too long, and Unicode. */
function asKept(text: string): string {
  return journalText(text).toWellFormed();
}
