/**
 * Writes what was read of the journal's topic into the tables: rows and the next offset of their partition in one
 * transaction, so that the index is at any time exactly what the topic says up to there.
 */
import type { JournalPage, JournalReading } from "./journal-page.ts";
import { entryValues, INSERT_ENTRY, type PagePlace } from "./entry-row.ts";
import { inTransaction, type Database, type SqlValue, type Statement } from "./sqlite.ts";
import type { TextTable } from "./text-table.ts";

/** A record of the topic, read. */
export interface ReadRecord {
  readonly place: PagePlace;
  /** When the brokers took it, epoch ms. */
  readonly takenAt: number;
  readonly reading: JournalReading;
}

/** What a transaction has brought. */
export interface Written {
  readonly pageCount: number;
  readonly entryCount: number;
  readonly unreadableCount: number;
  /** The first record that could not be read. */
  readonly firstUnreadable: (PagePlace & { readonly detail: string }) | null;
}

/** How far a partition of the topic is indexed. */
export interface IndexPosition {
  /** The next offset to read. */
  readonly next: number;
  /** When the brokers took the record before it, epoch ms. */
  readonly lastAt: number;
}

/** See the head of this file. */
export class IndexWriter {
  readonly #database: Database;
  readonly #texts: TextTable;
  readonly #position: Statement;
  readonly #move: Statement;
  readonly #page: Statement;
  readonly #unreadable: Statement;
  readonly #entry: Statement;
  readonly #skip: Statement;
  readonly #lengthen: Statement;
  /** The next offset of each partition that was asked for or written. */
  readonly #seen = new Map<number, number>();

  constructor(database: Database, texts: TextTable) {
    const insert = (table: string, count: number): Statement => {
      const values = Array.from({ length: count }, () => "?").join(", ");
      return database.prepare(`INSERT INTO ${table} VALUES (${values})`);
    };
    this.#database = database;
    this.#texts = texts;
    this.#position = database.prepare("SELECT next, last_at FROM partitions WHERE partition = ?");
    this.#move = database.prepare("INSERT OR REPLACE INTO partitions VALUES (?, ?, ?)");
    this.#page = insert("pages", 5);
    this.#unreadable = insert("unreadable", 3);
    this.#entry = database.prepare(INSERT_ENTRY);
    this.#skip = insert("skips", 11);
    this.#lengthen = database.prepare(LENGTHEN);
  }

  /** Where a partition stands, for who reads on from there; null: nothing of it was read yet. */
  position(partition: number): IndexPosition | null {
    const row = this.#position.get(partition);
    if (row === undefined) return null;
    const position = { next: Number(row["next"]), lastAt: Number(row["last_at"]) };
    this.#seen.set(partition, position.next);
    return position;
  }

  /** Forgets where partitions stood: they are asked for anew. */
  begin(): void {
    this.#seen.clear();
  }

  /**
   * Writes records that follow the positions told, in order for each partition; takes one after the other. What another
   * process has written meanwhile is left out.
   * @returns null, with nothing written, when another one has begun the index anew: the positions told hold no more.
   */
  write(records: Iterable<ReadRecord>): Written | null {
    try {
      return inTransaction(this.#database, "write", () => this.#writeAll(records));
    } catch (error) {
      this.#texts.forget();
      if (error instanceof IndexRemade) return null;
      throw error;
    }
  }

  #writeAll(records: Iterable<ReadRecord>): Written {
    this.#texts.refresh();
    const written: { -readonly [Name in keyof Written]: Written[Name] } = {
      ...{ pageCount: 0, entryCount: 0, unreadableCount: 0, firstUnreadable: null },
    };
    for (const record of records) {
      const { partition, offset } = record.place;
      const seen = this.#seen.get(partition) ?? 0;
      const next = this.position(partition)?.next ?? 0;
      if (next < seen) throw new IndexRemade();
      if (offset < next) continue;
      if (record.reading.kind === "page") {
        this.#writePage(record.reading.page, record);
        written.pageCount += 1;
        written.entryCount += record.reading.page.entries.length;
      } else {
        const { detail } = record.reading;
        this.#unreadable.run(partition, offset, detail);
        written.unreadableCount += 1;
        written.firstUnreadable ??= { partition, offset, detail };
      }
      this.#move.run(partition, offset + 1, record.takenAt);
      this.#seen.set(partition, offset + 1);
    }
    return written;
  }

  #writePage(page: JournalPage, { place, takenAt }: ReadRecord): void {
    const target = this.#texts.idOf(page.target);
    let from = Infinity;
    let to = -Infinity;
    for (const [position, entry] of page.entries.entries()) {
      const { settledAt } = entry;
      if (settledAt < from) from = settledAt;
      if (settledAt > to) to = settledAt;
      this.#entry.run(...entryValues(entry, { place, position, target }, this.#texts));
    }
    const span = page.entries.length === 0 ? [null, null] : [from, to];
    this.#page.run(place.partition, place.offset, page.entries.length, ...span);
    for (const [position, skip] of page.skipped.entries()) {
      this.#skip.run(...this.#skipValues(skip, { place, position, target, takenAt }));
      this.#lengthen.run(skip.to - skip.from);
    }
  }

  #skipValues(
    skip: JournalPage["skipped"][number],
    at: {
      readonly place: PagePlace;
      readonly position: number;
      readonly target: number;
      readonly takenAt: number;
    },
  ): SqlValue[] {
    const { place, position, target, takenAt } = at;
    return [
      ...[this.#texts.idOf(skip.topic), skip.partition, skip.from],
      ...[place.partition, place.offset, position],
      ...[skip.to, target, skip.epoch, this.#texts.idOf(skip.mappingRevision), takenAt],
    ];
  }
}

class IndexRemade extends Error {}

/** The longest run bounds how far back one may begin that holds an offset. */
const LENGTHEN = `INSERT INTO meta VALUES ('longest_run', ?)
  ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`;
