/** Answers questions from the tables. */
import { asEpoch, asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import { entryOf, type EntryRow } from "./entry-row.ts";
import type { IndexedEntry, IndexedSkip } from "./indexed-entry.ts";
import { cursorAfter, type JournalCursor } from "./journal-cursor.ts";
import {
  entriesSql,
  LIMIT_MAX,
  skipsSql,
  type BoundSql,
  type JournalQuery,
} from "./journal-query.ts";
import {
  RANGE_OFFSETS_MAX,
  rangeEntriesSql,
  rangeSkipsSql,
  type JournalRange,
} from "./range-query.ts";
import { inTransaction, type Database, type Statement } from "./sqlite.ts";
import type { TextTable } from "./text-table.ts";

/** What the journal knows of a query. */
export interface JournalAnswer {
  /** Newest first by when they settled; may be empty. An offset that was settled twice is there twice. */
  readonly entries: readonly IndexedEntry[];
  /** Newest first; runs that hold the place that was asked for. Empty where anything but a place and a target was. */
  readonly skipped: readonly IndexedSkip[];
  /** Behind the last entry; null: there are no more. */
  readonly next: JournalCursor | null;
}

/** What became of a range's events when they were delivered live. */
export interface RangeHistory {
  /** By offset, then by when they settled: an offset that was settled again (parked, then redriven) is there again. */
  readonly entries: readonly IndexedEntry[];
  /** Runs that reach into the range, by where they begin; they may overlap. */
  readonly skipped: readonly IndexedSkip[];
}

/** Statements kept prepared; a query has one for each set of conditions. */
const STATEMENTS_MAX = 64;

/** See the head of this file. */
export class JournalFinder {
  readonly #database: Database;
  readonly #texts: TextTable;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database, texts: TextTable) {
    this.#database = database;
    this.#texts = texts;
  }

  /** One state of the tables, whatever another process writes meanwhile. */
  find(query: JournalQuery): JournalAnswer {
    const { limit } = query;
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
      throw new RangeError(`limit must be from 1 to ${LIMIT_MAX}: ${limit}`);
    }
    return inTransaction(this.#database, "read", () => {
      this.#texts.refresh();
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the tables are ours
      const rows = this.#rows(entriesSql(query, this.#texts)) as readonly EntryRow[];
      const kept = rows.slice(0, limit);
      const last = kept.at(-1);
      return {
        entries: kept.map((row) => entryOf(row, this.#texts)),
        skipped: this.#skips(skipsSql(query, this.#texts)),
        next: rows.length > limit && last !== undefined ? cursorAfter(last) : null,
      };
    });
  }

  /** Likewise one state of the tables. */
  history(range: JournalRange): RangeHistory {
    const { from, to } = range;
    if (to - from > RANGE_OFFSETS_MAX) {
      throw new RangeError(`at most ${RANGE_OFFSETS_MAX} offsets at once: ${from} to ${to}`);
    }
    return inTransaction(this.#database, "read", () => {
      this.#texts.refresh();
      return {
        entries: this.#entries(rangeEntriesSql(range, this.#texts)),
        skipped: this.#skips(rangeSkipsSql(range, this.#texts)),
      };
    });
  }

  #entries(bound: BoundSql | null): readonly IndexedEntry[] {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the tables are ours
    const rows = this.#rows(bound) as readonly EntryRow[];
    return rows.map((row) => entryOf(row, this.#texts));
  }

  #skips(bound: BoundSql | null): readonly IndexedSkip[] {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the tables are ours
    const rows = this.#rows(bound) as readonly SkipRow[];
    return rows.map((row) => this.#skip(row));
  }

  #rows(bound: BoundSql | null): readonly unknown[] {
    return bound === null ? [] : this.#statement(bound.sql).all(...bound.values);
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #skip(row: SkipRow): IndexedSkip {
    return {
      target: asTarget(this.#texts.textOf(row.target)),
      topic: asTopic(this.#texts.textOf(row.topic)),
      partition: asPartition(row.partition),
      from: asOffset(row.from_offset),
      to: asOffset(row.to_offset),
      epoch: asEpoch(row.epoch),
      mappingRevision: this.#texts.textOf(row.revision),
      toldAt: row.told_at,
    };
  }
}

interface SkipRow {
  readonly target: number;
  readonly topic: number;
  readonly partition: number;
  readonly from_offset: number;
  readonly to_offset: number;
  readonly epoch: number;
  readonly revision: number;
  readonly told_at: number;
}
