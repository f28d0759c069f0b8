/** What can be asked of an index, and the SQL that asks it. */
import type { JournalEntry, JournalKey } from "@millrace/engine";
import { cursorValues, type JournalCursor } from "./journal-cursor.ts";
import { LONGEST_RUN, SqlTerms, type EventPlace } from "./sql-terms.ts";
import type { SqlValue } from "./sqlite.ts";
import type { TextTable } from "./text-table.ts";

/** Entries that one answer may have. */
export const LIMIT_MAX = 1_000;

/** Which entries are wanted: those for which all that is given holds. */
export interface JournalQuery {
  /** Event id; with `source` it is one event. */
  readonly id?: string;
  readonly source?: string;
  readonly key?: JournalKey;
  readonly target?: string;
  readonly outcome?: JournalEntry["outcome"];
  readonly reason?: string;
  /** Of the last attempt. */
  readonly status?: number;
  readonly type?: string;
  readonly place?: EventPlace;
  /** A replay job. */
  readonly job?: string;
  /** Settled at or after, epoch ms. */
  readonly from?: number;
  /** Settled before, epoch ms. */
  readonly to?: number;
  /** At most {@link LIMIT_MAX}. */
  readonly limit: number;
  /** Goes on behind an earlier answer to the same query. */
  readonly after?: JournalCursor;
}

/** A statement and what it takes. */
export interface BoundSql {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** The statement for entries; one row more than the limit, if there is one. Null: none can match. */
export function entriesSql(query: JournalQuery, texts: TextTable): BoundSql | null {
  const terms = new SqlTerms(texts);
  addEntryTerms(query, terms);
  if (terms.isHopeless) return null;
  // Chosen here, by how few rows a term leaves as a rule: SQLite knows nothing of that, and takes any.
  const index = terms.terms.find((term) => term.index !== null)?.index ?? null;
  const by = index === null ? "" : ` INDEXED BY ${index}`;
  const where = terms.terms.length === 0 ? "" : ` WHERE ${terms.where}`;
  return {
    sql: `SELECT * FROM entries${by}${where} ORDER BY ${NEWEST_FIRST} LIMIT ?`,
    values: [...terms.values, query.limit + 1],
  };
}

const NEWEST_FIRST = "settled_at DESC, page_partition DESC, page_offset DESC, position DESC";
const ROW = "(settled_at, page_partition, page_offset, position)";

/** The most telling first. */
function addEntryTerms(query: JournalQuery, terms: SqlTerms): void {
  terms.eventId(query.id);
  terms.place(query.place);
  terms.key(query.key);
  terms.named("job", query.job, "entries_by_job");
  terms.named("reason", query.reason, "entries_by_reason");
  terms.status(query.status);
  terms.outcome(query.outcome);
  terms.named("target", query.target, "entries_by_target");
  terms.named("source", query.source);
  terms.named("type", query.type);
  terms.compared("settled_at >=", query.from);
  terms.compared("settled_at <", query.to);
  if (query.after !== undefined) terms.add(`${ROW} < (?, ?, ?, ?)`, cursorValues(query.after));
}

/** The statement for the runs that hold the query's place, or null where no run can answer it. */
export function skipsSql(query: JournalQuery, texts: TextTable): BoundSql | null {
  const { place, target, from, to, limit } = query;
  if (place === undefined || !isAnsweredBySkips(query)) return null;
  const terms = new SqlTerms(texts);
  const { offset } = place;
  terms.named("topic", place.topic);
  terms.compared("partition =", place.partition);
  terms.add(`from_offset BETWEEN ? - (${LONGEST_RUN}) AND ?`, [offset, offset]);
  terms.compared("to_offset >", offset);
  terms.named("target", target);
  terms.compared("told_at >=", from);
  terms.compared("told_at <", to);
  if (terms.isHopeless) return null;
  const order = "told_at DESC, page_partition DESC, page_offset DESC, position DESC";
  return {
    sql: `SELECT * FROM skips WHERE ${terms.where} ORDER BY ${order} LIMIT ?`,
    values: [...terms.values, limit],
  };
}

/** A run has a place and a target, and nothing else that could be asked for; all of them are in the first answer. */
function isAnsweredBySkips({ outcome, ...query }: JournalQuery): boolean {
  const { id, source, key, reason, status, type, job, after } = query;
  const isOnlyPlace = [id, source, key, reason, status, type, job, after].every(
    (one) => one === undefined,
  );
  return isOnlyPlace && (outcome === undefined || outcome === "skipped");
}
