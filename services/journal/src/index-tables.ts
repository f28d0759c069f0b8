/**
 * The tables of an index, and whether a file has them.
 *
 * `entries` is ordered by time, and so is each of its indexes: in a table without row ids SQLite puts the primary key behind
 * the columns of an index. So every question is answered newest first without sorting. What almost every entry says (it was
 * delivered, with a 2xx, live) is in no index of its own.
 */
import { JournalIndexError } from "./index-error.ts";
import { inTransaction, openDatabase, type Database } from "./sqlite.ts";

/** Of the tables below. A file of another version is made anew. */
const TABLES_VERSION = 2;
/** Marks a file as an index: `mlrj`. Any other file is left alone. */
const APPLICATION_ID = 0x6d6c726a;

/** The id of the text that almost every entry has as its outcome: the first one that is written. */
export const DELIVERED_ID = 1;
/** Statuses from here on are in an index. */
export const INDEXED_STATUS_MIN = 300;

const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  INSERT INTO texts (id, text) VALUES (${DELIVERED_ID}, 'delivered');
  CREATE TABLE partitions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL, last_at INTEGER NOT NULL);
  CREATE TABLE pages (
    partition INTEGER, offset INTEGER, entry_count INTEGER NOT NULL, settled_from INTEGER, settled_to INTEGER,
    PRIMARY KEY (partition, offset)
  ) WITHOUT ROWID;
  CREATE TABLE unreadable (
    partition INTEGER, offset INTEGER, detail TEXT NOT NULL, PRIMARY KEY (partition, offset)
  ) WITHOUT ROWID;
  CREATE TABLE entries (
    settled_at INTEGER, page_partition INTEGER, page_offset INTEGER, position INTEGER,
    target INTEGER, topic INTEGER, partition INTEGER, offset INTEGER, epoch INTEGER, key, event_id TEXT,
    source INTEGER, type INTEGER, tenant INTEGER, outcome INTEGER, reason INTEGER, detail TEXT, revision INTEGER,
    trace_id TEXT, attempt_count INTEGER, attempts TEXT, status INTEGER, job INTEGER, request TEXT,
    PRIMARY KEY (settled_at, page_partition, page_offset, position)
  ) WITHOUT ROWID;
  CREATE INDEX entries_by_id ON entries (event_id) WHERE event_id IS NOT NULL;
  CREATE INDEX entries_by_key ON entries (key) WHERE key IS NOT NULL;
  CREATE INDEX entries_by_place ON entries (topic, partition, offset);
  CREATE INDEX entries_by_target ON entries (target);
  CREATE INDEX entries_by_outcome ON entries (outcome) WHERE outcome <> ${DELIVERED_ID};
  CREATE INDEX entries_by_reason ON entries (reason) WHERE reason IS NOT NULL;
  CREATE INDEX entries_by_status ON entries (status) WHERE status >= ${INDEXED_STATUS_MIN};
  CREATE INDEX entries_by_job ON entries (job) WHERE job IS NOT NULL;
  CREATE TABLE skips (
    topic INTEGER, partition INTEGER, from_offset INTEGER, page_partition INTEGER, page_offset INTEGER,
    position INTEGER, to_offset INTEGER, target INTEGER, epoch INTEGER, revision INTEGER, told_at INTEGER,
    PRIMARY KEY (topic, partition, from_offset, page_partition, page_offset, position)
  ) WITHOUT ROWID;
  CREATE INDEX skips_by_page ON skips (page_partition, page_offset);
`;

/**
 * The cache is what an index takes of memory, however large it is. No fsync for each transaction: at worst it is read from the
 * topic again. A larger log before the checkpoint, since the keys of many transactions fall onto the same pages.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -24576;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 8192;
`;

/**
 * Opens an index of a topic; one of another version, or of another topic, is emptied first.
 * @throws JournalIndexError `JOURNAL_FILE_FOREIGN`, `JOURNAL_FILE_UNUSABLE`.
 */
export function openTables(path: string, topic: string): Database {
  const database = open(path);
  try {
    requireOwn(database, path);
    database.exec(SETTINGS);
    inTransaction(database, "write", () => {
      if (!isIndexOf(database, topic)) remake(database, topic);
    });
    return database;
  } catch (error) {
    database.close();
    throw error instanceof JournalIndexError ? error : unusable(path, error);
  }
}

/** Empties an index, as part of the caller's transaction. */
export function remake(database: Database, topic: string): void {
  for (const table of tablesOf(database)) database.exec(`DROP TABLE "${table}"`);
  database.exec(TABLES);
  database.prepare("INSERT INTO meta (name, value) VALUES ('topic', ?)").run(topic);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${TABLES_VERSION}`);
}

function open(path: string): Database {
  try {
    return openDatabase(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): JournalIndexError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `cannot use the index of the journal: ${path} (${reason}); delete it and it is made anew`;
  return new JournalIndexError("JOURNAL_FILE_UNUSABLE", message, { cause });
}

function requireOwn(database: Database, path: string): void {
  if (pragma(database, "application_id") === APPLICATION_ID) return;
  if (tablesOf(database).length === 0) return;
  throw new JournalIndexError("JOURNAL_FILE_FOREIGN", `not an index of the journal: ${path}`);
}

function isIndexOf(database: Database, topic: string): boolean {
  if (pragma(database, "application_id") !== APPLICATION_ID) return false;
  if (pragma(database, "user_version") !== TABLES_VERSION) return false;
  const row = database.prepare("SELECT value FROM meta WHERE name = 'topic'").get();
  return row?.["value"] === topic;
}

function pragma(database: Database, name: string): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}

function tablesOf(database: Database): readonly string[] {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return rows.map(({ name }) => String(name));
}
