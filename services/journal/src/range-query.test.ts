import { asJob, asOffset, asPartition, asTarget, type JournalEntry } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { setupIndex } from "../test-support/index-bench.ts";
import { delivered, rejected, skipped, T0 } from "../test-support/pages.ts";
import { openTables } from "./index-tables.ts";
import { IndexWriter } from "./index-writer.ts";
import { RANGE_OFFSETS_MAX, rangeEntriesSql, rangeSkipsSql } from "./range-query.ts";
import { IN_MEMORY } from "./sqlite.ts";
import { TextTable } from "./text-table.ts";

const RANGE = { target: "crm", topic: "users", partition: 0, from: 2, to: 5 };

const one = (offset: number, part: Partial<JournalEntry> = {}): JournalEntry =>
  delivered({ offset: asOffset(offset), ...part });

describe("the history of a range", () => {
  it("has its live entries by offset, and those of one offset in the order in which they settled", async () => {
    const { log, index } = await setupIndex();
    log.page({ entries: [one(4), one(3, { settledAt: T0 + 90 }), one(5), one(1)] });
    log.page({ entries: [rejected({ offset: asOffset(2) }), one(3, { outcome: "parked" })] }, 1);
    log.page({ entries: [one(3, { partition: asPartition(1) }), one(4, { job: asJob("r1") })] });
    log.page({ target: "audit", entries: [one(2), one(4)] });
    await index.catchUp();

    const { entries } = index.history(RANGE);
    expect(entries.map(({ offset, outcome }) => [offset, outcome])).toEqual([
      [2, "dead-lettered"],
      [3, "parked"],
      [3, "delivered"],
      [4, "delivered"],
    ]);
    expect(entries.every(({ target }) => target === "crm")).toBe(true);
  });

  it("has every run that reaches into it, however far back that begins", async () => {
    const { log, index } = await setupIndex();
    log.page({ skipped: [skipped(4, 9), skipped(5, 6), skipped(1, 2), skipped(0, 3)] });
    log.page({ target: "audit", skipped: [skipped(0, 100)] });
    await index.catchUp();

    const { skipped: runs } = index.history(RANGE);
    expect(runs.map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [4, 9],
    ]);
  });

  it("is empty where nothing is known of the target or the topic", async () => {
    const { index } = await setupIndex();

    expect(index.history(RANGE)).toEqual({ entries: [], skipped: [] });
  });

  it("may not span more than it says", async () => {
    const { index } = await setupIndex();
    const to = RANGE.from + RANGE_OFFSETS_MAX;

    expect(() => index.history({ ...RANGE, to })).not.toThrow();
    expect(() => index.history({ ...RANGE, to: to + 1 })).toThrow(RangeError);
  });

  it("is found by place, and sorted by nothing but the index", () => {
    const database = openTables(IN_MEMORY, "ns.deliveries");
    const texts = new TextTable(database);
    const page = { target: asTarget("crm"), entries: [delivered()], skipped: [skipped(1, 2)] };
    const place = { partition: 0, offset: 0 };
    new IndexWriter(database, texts).write([
      { place, takenAt: T0, reading: { kind: "page", page } },
    ]);

    for (const [sqlOf, expected] of [
      [rangeEntriesSql, "entries_by_place (topic=? AND partition=? AND offset>? AND offset<?)"],
      [rangeSkipsSql, "PRIMARY KEY (topic=? AND partition=? AND from_offset>? AND from_offset<?)"],
    ] as const) {
      const bound = sqlOf(RANGE, texts);
      const rows = database
        .prepare(`EXPLAIN QUERY PLAN ${bound?.sql ?? ""}`)
        .all(...(bound?.values ?? []));
      const plan = rows.map(({ detail }) => String(detail)).join("; ");
      expect(plan).toContain(expected);
      expect(plan).not.toContain("TEMP B-TREE");
    }
    database.close();
  });
});
