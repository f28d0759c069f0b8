/** What became of the events of a part of a source partition, and the SQL that asks it. */
import type { BoundSql } from "./journal-query.ts";
import { LONGEST_RUN, SqlTerms } from "./sql-terms.ts";
import type { TextTable } from "./text-table.ts";

/** Offsets that one answer may span. */
export const RANGE_OFFSETS_MAX = 10_000;

/** A part of a source partition, as one target has seen it; at most {@link RANGE_OFFSETS_MAX} offsets. */
export interface JournalRange {
  readonly target: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  /** One above the last. */
  readonly to: number;
}

/** The statement for the live entries of a range, and null where none can match. */
export function rangeEntriesSql(range: JournalRange, texts: TextTable): BoundSql | null {
  const terms = new SqlTerms(texts);
  terms.named("topic", range.topic);
  terms.compared("partition =", range.partition);
  terms.compared("offset >=", range.from);
  terms.compared("offset <", range.to);
  terms.named("target", range.target);
  terms.add("job IS NULL", []);
  if (terms.isHopeless) return null;
  const order = "offset, settled_at, page_partition, page_offset, position";
  return {
    sql: `SELECT * FROM entries INDEXED BY entries_by_place WHERE ${terms.where} ORDER BY ${order}`,
    values: terms.values,
  };
}

/** The statement for the runs that reach into a range, and null where none can. */
export function rangeSkipsSql(range: JournalRange, texts: TextTable): BoundSql | null {
  const terms = new SqlTerms(texts);
  terms.named("topic", range.topic);
  terms.compared("partition =", range.partition);
  terms.add(`from_offset > ? - (${LONGEST_RUN})`, [range.from]);
  terms.compared("from_offset <", range.to);
  terms.compared("to_offset >", range.from);
  terms.named("target", range.target);
  if (terms.isHopeless) return null;
  const order = "from_offset, page_partition, page_offset, position";
  return {
    sql: `SELECT * FROM skips WHERE ${terms.where} ORDER BY ${order}`,
    values: terms.values,
  };
}
