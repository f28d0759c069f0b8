import { asTarget } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { delivered, rejected, T0 } from "../test-support/pages.ts";
import { IndexWriter } from "./index-writer.ts";
import { openTables } from "./index-tables.ts";
import { parseCursor } from "./journal-cursor.ts";
import { entriesSql, skipsSql, type JournalQuery } from "./journal-query.ts";
import { IN_MEMORY } from "./sqlite.ts";
import { TextTable } from "./text-table.ts";

/** How SQLite goes about a query for entries, or for runs. */
function planOf(query: Partial<JournalQuery>, sqlOf = entriesSql): string {
  const database = openTables(IN_MEMORY, "ns.deliveries");
  const texts = new TextTable(database);
  const entries = [delivered(), rejected()];
  const page = { target: asTarget("crm"), entries, skipped: [] };
  const place = { partition: 0, offset: 0 };
  new IndexWriter(database, texts).write([{ place, takenAt: T0, reading: { kind: "page", page } }]);
  const bound = sqlOf({ limit: 50, ...query }, texts);
  if (bound === null) throw new Error("nothing to ask");
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${bound.sql}`).all(...bound.values);
  database.close();
  return rows.map(({ detail }) => String(detail)).join("; ");
}

const place = { topic: "users", partition: 0, offset: 0 };
const after = parseCursor("1767225600000.0.0.0");

describe("a query", () => {
  it.each<[string, Partial<JournalQuery>]>([
    ["entries_by_id (event_id=?", { id: "id-0", target: "crm", key: "k" }],
    ["entries_by_place (topic=? AND partition=? AND offset=?", { place, target: "crm" }],
    ["entries_by_key (key=?", { key: "k", target: "crm", outcome: "dead-lettered" }],
    ["entries_by_reason (reason=?", { reason: "HTTP_REJECTED", target: "crm" }],
    ["entries_by_status (status=?", { status: 503, outcome: "dead-lettered" }],
    ["entries_by_outcome (outcome=?", { outcome: "dead-lettered", target: "crm" }],
    ["entries_by_target (target=?", { target: "crm", outcome: "delivered", status: 204 }],
    [
      "entries_by_target (target=? AND settled_at>? AND settled_at<?",
      { target: "crm", from: 1, to: 2 },
    ],
    ["SEARCH entries USING PRIMARY KEY (settled_at>? AND settled_at<?", { from: 1, to: 2 }],
    ["SCAN entries", { type: "users.ProfileUpdated" }],
  ])("uses %s), and sorts nothing", (expected, query) => {
    for (const cursor of [{}, { after }]) {
      const plan = planOf({ ...query, ...cursor });

      expect(plan).not.toContain("TEMP B-TREE");
      if (!("after" in cursor)) expect(plan).toContain(expected);
    }
  });

  it("for runs looks no further back than the longest one reaches", () => {
    expect(planOf({ place }, skipsSql)).toContain(
      "USING PRIMARY KEY (topic=? AND partition=? AND from_offset>? AND from_offset<?)",
    );
  });
});
