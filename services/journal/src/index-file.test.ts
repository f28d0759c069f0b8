import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asOffset, asTopic, JOURNAL_SCHEMA } from "@millrace/engine";
import { createMemoryRegistry } from "@millrace/schemas";
import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryLog } from "../test-support/memory-log.ts";
import { delivered, T0 } from "../test-support/pages.ts";
import { JournalIndexError } from "./index-error.ts";
import { JournalIndex } from "./journal-index.ts";
import { openDatabase } from "./sqlite.ts";

const at = (...offsets: readonly number[]) =>
  offsets.map((offset) => delivered({ offset: asOffset(offset), source: `/source-${offset}` }));

/** A log, and as many indexes of one file as a test opens. */
async function setup() {
  const folder = mkdtempSync(join(tmpdir(), "millrace-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "journal.db");
  const log = new MemoryLog();
  const registry = createMemoryRegistry();
  await registry.register("any", JOURNAL_SCHEMA);
  const open = (topic = log.topic): JournalIndex => {
    const store = { kind: "file", path } as const;
    const index = new JournalIndex({ topic, store, reader: log, registry });
    onTestFinished(() => index.close());
    return index;
  };
  return { path, log, open };
}

const ids = (index: JournalIndex): (string | null)[] =>
  index.find({ limit: 100 }).entries.map(({ id }) => id);

/** The code that a task fails with. */
function codeOf(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    return error instanceof JournalIndexError ? error.code : error;
  }
}

describe("a file", () => {
  it("holds what was indexed, and where it goes on", async () => {
    const { log, open } = await setup();
    log.page({ entries: at(0) });
    const first = open();
    await first.catchUp();
    first.close();
    log.page({ entries: at(1) });
    const second = open();
    expect(ids(second)).toEqual(["id-0"]);

    await second.catchUp();
    expect(ids(second)).toEqual(["id-1", "id-0"]);
  });

  it("is its owner's alone", async () => {
    const { path, open } = await setup();
    open();

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("that was deleted is made anew with the same answers and cursors", async () => {
    const { path, log, open } = await setup();
    for (let page = 0; page < 9; page += 1) log.page({ entries: at(page, page + 1) }, page % 2);
    const index = open();
    await index.catchUp();
    const before = index.find({ limit: 5 });
    index.close();
    rmSync(path);
    const again = open();
    await again.catchUp();

    expect(again.find({ limit: 5 })).toEqual(before);
  });

  it("of another version is made anew", async () => {
    const { path, log, open } = await setup();
    log.page({ entries: at(0) });
    const index = open();
    await index.catchUp();
    index.close();
    const database = openDatabase(path);
    database.exec("PRAGMA user_version = 99; DROP TABLE skips");
    database.close();
    const again = open();
    expect(ids(again)).toEqual([]);

    await again.catchUp();
    expect(ids(again)).toEqual(["id-0"]);
  });

  it("of another topic is made anew", async () => {
    const { log, open } = await setup();
    log.page({ entries: at(0) });
    const index = open();
    await index.catchUp();
    index.close();

    expect(ids(open(asTopic("other.deliveries")))).toEqual([]);
  });

  it("of a topic that was deleted and written again is made anew, however long that is", async () => {
    const { log, open } = await setup();
    log.page({ entries: at(0, 1) });
    const index = open();
    await index.catchUp();
    index.close();
    log.recreate();
    for (const offset of [7, 8]) log.page({ entries: at(offset) }, 0, T0 + 60_000);
    const again = open();
    await again.catchUp();

    expect(ids(again)).toEqual(["id-8", "id-7"]);
  });

  it.each([
    ["a database of something else", "JOURNAL_FILE_FOREIGN"],
    ["no database", "JOURNAL_FILE_UNUSABLE"],
  ])("that is %s is left as it is", async (what, code) => {
    const { path, open } = await setup();
    if (what === "no database") writeFileSync(path, "# notes\n".repeat(200));
    else openDatabase(path).exec("CREATE TABLE notes (text)");
    const before = readFileSync(path);

    expect(codeOf(() => open())).toBe(code);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("in a folder that is not there cannot be opened", async () => {
    const { log } = await setup();
    const store = { kind: "file", path: "/nowhere/journal.db" } as const;

    const registry = createMemoryRegistry();
    const open = () => new JournalIndex({ topic: log.topic, store, reader: log, registry });
    expect(codeOf(open)).toBe("JOURNAL_FILE_UNUSABLE");
  });
});

describe("two processes on one file", () => {
  it("have each page once between them", async () => {
    const { log, open } = await setup();
    const [one, two] = [open(), open()];
    for (let page = 0; page < 7; page += 1) log.page({ entries: at(page) });
    await Promise.all([one.catchUp(), two.catchUp()]);
    log.page({ entries: at(7) });
    await two.catchUp();

    expect(ids(one)).toEqual(ids(two));
    expect(ids(one)).toHaveLength(8);
  });

  it("see what the other has begun anew", async () => {
    const { log, open } = await setup();
    log.page({ entries: at(0) });
    const [one, two] = [open(), open()];
    await one.catchUp();
    log.recreate();
    await two.catchUp();
    log.page({ entries: at(5) });
    await one.catchUp();

    expect(ids(one)).toEqual(["id-5"]);
    expect(ids(two)).toEqual(["id-5"]);
  });
});
