/**
 * The journal, to be searched: a file, or a database in memory, with what the topic `<ns>.deliveries` tells. It holds nothing
 * that is not in the topic: it may be deleted at any time, and the one that is made instead gives the same answers.
 */
import { NO_TELEMETRY, type Telemetry, type Topic } from "@millrace/engine";
import type { LogReader } from "@millrace/kafka";
import type { Registry } from "@millrace/schemas";
import { IndexTrimmer } from "./index-trimmer.ts";
import { openTables, remake } from "./index-tables.ts";
import { IndexWriter } from "./index-writer.ts";
import { JournalFinder, type JournalAnswer, type RangeHistory } from "./journal-finder.ts";
import type { JournalQuery } from "./journal-query.ts";
import type { JournalRange } from "./range-query.ts";
import { LogFollower, type CatchUpOptions } from "./log-follower.ts";
import { createPageReader } from "./page-reader.ts";
import { IN_MEMORY, inTransaction, type Database } from "./sqlite.ts";
import { TextTable } from "./text-table.ts";

/** What an index is of, and where it is kept. */
export interface JournalIndexOptions {
  /** The journal's topic. */
  readonly topic: Topic;
  /** A file is made when it is not there; its folder must be. Processes may share one. */
  readonly store: { readonly kind: "file"; readonly path: string } | { readonly kind: "memory" };
  /** Stays its owner's to close. */
  readonly reader: LogReader;
  readonly registry: Registry;
  readonly telemetry?: Telemetry;
}

/** A record of the topic that is no page, and why. */
export interface UnreadableRecord {
  readonly partition: number;
  readonly offset: number;
  readonly detail: string;
}

/** What is in an index. */
export interface IndexStatus {
  readonly pageCount: number;
  readonly entryCount: number;
  /** When the first and the last entry settled, epoch ms; null: there is none. */
  readonly settled: { readonly from: number; readonly to: number } | null;
  readonly unreadableCount: number;
  /** Some of them. */
  readonly unreadable: readonly UnreadableRecord[];
}

/** Records that a status names. */
const UNREADABLE_MAX = 10;

/** See the head of this file. One reading at a time; questions may be asked meanwhile. */
export class JournalIndex {
  readonly #database: Database;
  readonly #finder: JournalFinder;
  readonly #follower: LogFollower;

  /**
   * Opens an index; one of another version or topic is emptied.
   * @throws JournalIndexError `JOURNAL_FILE_FOREIGN`, `JOURNAL_FILE_UNUSABLE`.
   */
  constructor({ topic, store, reader, registry, telemetry = NO_TELEMETRY }: JournalIndexOptions) {
    const database = openTables(store.kind === "file" ? store.path : IN_MEMORY, topic);
    const texts = new TextTable(database);
    this.#database = database;
    this.#finder = new JournalFinder(database, texts);
    this.#follower = new LogFollower({
      ...{ topic, reader, telemetry },
      pages: createPageReader(registry),
      writer: new IndexWriter(database, texts),
      trimmer: new IndexTrimmer(database, texts),
      remake: () => {
        inTransaction(database, "write", () => remake(database, topic));
        texts.forget();
      },
    });
  }

  /**
   * Reads what the topic has and the index has not, up to the end the topic has now; deletes what retention has deleted.
   * @throws MillraceError and SchemaError of brokers and registry; what was read before is kept. JournalIndexError
   *   `JOURNAL_LOG_UNSTEADY`.
   */
  catchUp(options: CatchUpOptions = {}): Promise<void> {
    return this.#follower.catchUp(options);
  }

  /** Catches up and goes on as pages come, until the signal aborts. Throws what `catchUp` throws. */
  follow(signal: AbortSignal): Promise<void> {
    return this.#follower.follow(signal);
  }

  /** Answers from what is indexed by now; asks nobody. */
  find(query: JournalQuery): JournalAnswer {
    return this.#finder.find(query);
  }

  /** What became of a range's events at a target, live, as far as it is indexed by now; asks nobody. */
  history(range: JournalRange): RangeHistory {
    return this.#finder.history(range);
  }

  /** What is in it by now. */
  status(): IndexStatus {
    const pages = this.#database.prepare(PAGES).get() ?? {};
    const { from, to } = pages;
    const unreadable = this.#database.prepare(UNREADABLE).all(UNREADABLE_MAX);
    return {
      pageCount: Number(pages["pages"]),
      entryCount: Number(pages["entries"] ?? 0),
      settled: typeof from === "number" && typeof to === "number" ? { from, to } : null,
      unreadableCount: Number(pages["unreadable"]),
      unreadable: unreadable.map(({ partition, offset, detail }) => ({
        partition: Number(partition),
        offset: Number(offset),
        detail: String(detail),
      })),
    };
  }

  /** Closes the file; readings must have ended. Idempotent. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** `using` closes. */
  [Symbol.dispose](): void {
    this.close();
  }
}

const PAGES = `SELECT count(*) AS pages, sum(entry_count) AS entries, min(settled_from) AS "from", max(settled_to) AS "to",
  (SELECT count(*) FROM unreadable) AS unreadable FROM pages`;
const UNREADABLE = "SELECT * FROM unreadable ORDER BY partition, offset LIMIT ?";
