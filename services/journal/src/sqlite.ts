/** The SQLite that comes with Node: loaded when an index is first opened, since most programs never open one. */
import { closeSync, openSync } from "node:fs";
import type * as Sqlite from "node:sqlite";

/** A database of Node's. */
export type Database = Sqlite.DatabaseSync;
/** A prepared statement. */
export type Statement = Sqlite.StatementSync;
/** What a statement takes. */
export type SqlValue = Sqlite.SQLInputValue;

/** How long a process waits for another one that writes, ms. */
const BUSY_MS_MAX = 10_000;

/** The path of a database that is no file. */
export const IN_MEMORY = ":memory:";
/** Of a file that is made: record keys may name people. */
const OWNER_ONLY = 0o600;

/** Opens a file, or a database in memory; creates what is not there. Throws what Node and SQLite say. */
export function openDatabase(path: string): Database {
  const { DatabaseSync } = loadSqlite();
  if (path !== IN_MEMORY) closeSync(openSync(path, "a", OWNER_ONLY));
  return new DatabaseSync(path, { timeout: BUSY_MS_MAX });
}

/** Runs a task as one transaction, of all or nothing. */
export function inTransaction<Result>(
  database: Database,
  mode: "read" | "write",
  task: () => Result,
): Result {
  database.exec(mode === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
  try {
    const result = task();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Older Nodes call the module experimental, in a warning that is no use to whoever runs a command. What is asked of it here
 * is the same in all of them.
 */
function loadSqlite(): typeof Sqlite {
  const own = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    if (own !== undefined) Object.defineProperty(process, "emitWarning", own);
  }
}
