/**
 * Deletes what retention has deleted from the topic: rows whose page is below the log's start. Entries are ordered by time,
 * so those of a page are found in the time it spans.
 */
import { inTransaction, type Database, type Statement } from "./sqlite.ts";
import type { TextTable } from "./text-table.ts";

/** Pages that go in one transaction: each blocks its process for some milliseconds. */
const PAGES_MAX = 20;

/** See the head of this file. */
export class IndexTrimmer {
  readonly #database: Database;
  readonly #texts: TextTable;
  readonly #oldest: Statement;
  readonly #deletions: readonly Statement[];
  readonly #deleteEntries: Statement;

  constructor(database: Database, texts: TextTable) {
    this.#database = database;
    this.#texts = texts;
    this.#oldest = database.prepare(OLDEST);
    this.#deleteEntries = database.prepare(DELETE_ENTRIES);
    this.#deletions = [
      "DELETE FROM skips WHERE page_partition = ? AND page_offset <= ?",
      "DELETE FROM pages WHERE partition = ? AND offset <= ?",
    ].map((sql) => database.prepare(sql));
  }

  /** Deletes some of what stands below `logStart`; false when nothing was left. */
  trim(partition: number, logStart: number): boolean {
    return inTransaction(this.#database, "write", () => {
      this.#database
        .prepare("DELETE FROM unreadable WHERE partition = ? AND offset < ?")
        .run(partition, logStart);
      const oldest = this.#oldest.get(partition, logStart, PAGES_MAX);
      const { last = null, settled_from: from = null, settled_to: to = null } = oldest ?? {};
      if (last === null) return false;
      if (from !== null && to !== null) this.#deleteEntries.run(from, to, partition, last);
      for (const deletion of this.#deletions) deletion.run(partition, last);
      return true;
    });
  }

  /** Once a trim is over: texts that no row names go too, when they are many. */
  sweep(): void {
    inTransaction(this.#database, "write", () => this.#texts.sweep());
  }
}

const OLDEST = `
  SELECT max(offset) AS last, min(settled_from) AS settled_from, max(settled_to) AS settled_to
  FROM (SELECT * FROM pages WHERE partition = ? AND offset < ? ORDER BY offset LIMIT ?)`;

const DELETE_ENTRIES = `
  DELETE FROM entries WHERE settled_at BETWEEN ? AND ? AND page_partition = ? AND page_offset <= ?`;
