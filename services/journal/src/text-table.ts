/**
 * Texts that come again and again, each once, by number. What the database has is kept in memory, up to a bound; ids hold
 * until the texts that nothing names any more are swept.
 */
import { DELIVERED_ID } from "./index-tables.ts";
import type { Database, Statement } from "./sqlite.ts";

/** Texts kept in memory. */
const KNOWN_MAX = 50_000;
/** Below so many texts nothing is swept. */
const SWEPT_FROM = 10_000;

const ENTRY_COLUMNS = "target topic source type tenant outcome reason revision job"
  .split(" ")
  .map((column) => ["entries", column] as const);
const SKIP_COLUMNS = ["target", "topic", "revision"].map((column) => ["skips", column] as const);

/** The ids that rows have. */
const NAMED = [...ENTRY_COLUMNS, ...SKIP_COLUMNS]
  .map(([table, column]) => `SELECT ${column} FROM ${table} WHERE ${column} IS NOT NULL`)
  .join(" UNION ");

/** See the head of this file. */
export class TextTable {
  readonly #database: Database;
  readonly #ids = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #read: Statement;
  readonly #version: Statement;
  #knownVersion: unknown = null;

  constructor(database: Database) {
    this.#database = database;
    this.#find = database.prepare("SELECT id FROM texts WHERE text = ?");
    this.#insert = database.prepare("INSERT INTO texts (text) VALUES (?) RETURNING id");
    this.#read = database.prepare("SELECT text FROM texts WHERE id = ?");
    this.#version = database.prepare("PRAGMA data_version");
  }

  /** The id of a text, which it gets if it has none. */
  idOf(text: string): number {
    const known = this.#ids.get(text) ?? this.find(text);
    if (known !== null) return known;
    const id = Number(this.#insert.get(text)?.["id"]);
    this.#keep(id, text);
    return id;
  }

  /** The id of a text that is there. */
  find(text: string): number | null {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#find.get(text)?.["id"];
    if (typeof id !== "number") return null;
    this.#keep(id, text);
    return id;
  }

  /** The text of an id that a row has. */
  textOf(id: number): string {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = String(this.#read.get(id)?.["text"]);
    this.#keep(id, text);
    return text;
  }

  /** Within a transaction, before any text: what another process has written meanwhile counts. */
  refresh(): void {
    const version = this.#version.get()?.["data_version"];
    if (version !== this.#knownVersion) this.forget();
    this.#knownVersion = version;
  }

  /** Forgets what is in memory: a transaction was rolled back. */
  forget(): void {
    this.#ids.clear();
    this.#texts.clear();
  }

  /** Deletes what no row names, once there is much more of it than last time; producers may name sources as they like. */
  sweep(): void {
    const count = this.#count();
    const last = this.#database.prepare("SELECT value FROM meta WHERE name = 'swept'").get();
    if (count < Math.max(SWEPT_FROM, 2 * Number(last?.["value"] ?? 0))) return;
    this.#database.exec(`DELETE FROM texts WHERE id <> ${DELIVERED_ID} AND id NOT IN (${NAMED})`);
    this.#database
      .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('swept', ?)")
      .run(this.#count());
    this.forget();
  }

  #count(): number {
    return Number(this.#database.prepare("SELECT count(*) AS count FROM texts").get()?.["count"]);
  }

  #keep(id: number, text: string): void {
    if (this.#ids.size >= KNOWN_MAX) this.forget();
    this.#ids.set(text, id);
    this.#texts.set(id, text);
  }
}
