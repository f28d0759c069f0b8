import { asJob, asOffset, asPartition, asTopic, type JournalEntry } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { setupIndex, type IndexBench } from "../test-support/index-bench.ts";
import { delivered, rejected, skipped, T0 } from "../test-support/pages.ts";
import { parseCursor, type JournalCursor } from "./journal-cursor.ts";
import type { JournalQuery } from "./journal-query.ts";

const users = (offset: number, partition = 0) => ({ topic: "users", partition, offset });

/** An entry by its offset. */
const one = (offset: number, part: Partial<JournalEntry> = {}): JournalEntry =>
  delivered({ offset: asOffset(offset), ...part });

/** Of two targets, with something of everything. */
async function setup(): Promise<IndexBench> {
  const bench = await setupIndex();
  bench.log.page({
    target: "crm",
    entries: [
      one(0, { key: "ada" }),
      one(1, { key: "bob", source: "/other", id: "id-0" }),
      rejected({ offset: asOffset(2), key: "ada" }),
      one(3, { key: "ada", outcome: "parked", reason: "KEY_QUARANTINED", attempts: [] }),
      one(4, { key: { hex: "00ff" }, type: "users.UserSignedUp" }),
    ],
    skipped: [skipped(10, 20), skipped(30, 31)],
  });
  bench.log.page({
    target: "audit",
    entries: [
      one(0, { settledAt: T0 + 100, partition: asPartition(1) }),
      one(5, { settledAt: T0 + 101, topic: asTopic("orders"), job: asJob("repair-1") }),
      rejected({ offset: asOffset(6), settledAt: T0 + 102, reason: "TIMEOUT", attempts: [] }),
    ],
    skipped: [skipped(15, 16)],
  });
  await bench.index.catchUp();
  return bench;
}

describe("a question to the index", () => {
  it.each<[string, Partial<JournalQuery>, string[]]>([
    ["nothing", {}, "id-6 id-5 id-0 id-4 id-3 id-2 id-0 id-0".split(" ")],
    ["an event id", { id: "id-0" }, ["id-0", "id-0", "id-0"]],
    ["an event id and source", { id: "id-0", source: "/other" }, ["id-0"]],
    ["a key", { key: "ada" }, ["id-3", "id-2", "id-0"]],
    ["a key that is no text", { key: { hex: "00ff" } }, ["id-4"]],
    ["a text like that key's hex", { key: "00ff" }, []],
    ["a target", { target: "audit" }, ["id-6", "id-5", "id-0"]],
    ["an outcome", { outcome: "dead-lettered" }, ["id-6", "id-2"]],
    ["what was delivered", { outcome: "delivered", target: "audit" }, ["id-5", "id-0"]],
    ["a reason", { reason: "KEY_QUARANTINED" }, ["id-3"]],
    ["a status", { status: 422 }, ["id-2"]],
    ["a good status", { status: 204, target: "crm" }, ["id-4", "id-0", "id-0"]],
    ["a type", { type: "users.UserSignedUp" }, ["id-4"]],
    ["a place", { place: users(0) }, ["id-0"]],
    ["a place of another topic", { place: { ...users(5), topic: "orders" } }, ["id-5"]],
    ["a job", { job: "repair-1" }, ["id-5"]],
    ["a time", { from: T0 + 3, to: T0 + 101 }, ["id-0", "id-4", "id-3"]],
    ["a target and a time", { target: "audit", to: T0 + 101 }, ["id-0"]],
    ["all at once", { key: "ada", target: "crm", outcome: "dead-lettered", status: 422 }, ["id-2"]],
    ["a target that is not there", { target: "none" }, []],
    ["an outcome that is not there", { outcome: "failed" }, []],
    ["things that exclude each other", { key: "ada", target: "audit" }, []],
  ])("that names %s is answered newest first", async (_, query, expected) => {
    const { ids } = await setup();

    expect(ids(query)).toEqual(expected);
  });

  it("gives each attempt as it was told", async () => {
    const { log, index, find } = await setupIndex();
    const call = { startedAt: T0 - 70, durationMs: 20, answer: null };
    const refused = { text: '{"title":"no"}', byteCount: 14, withheld: null };
    const hidden = { text: null, byteCount: 300, withheld: "NOT_JSON" };
    const attempts = [
      { ...call, end: "TIMEOUT", status: null, requestId: null },
      { ...call, end: "HTTP_STATUS", status: 503, requestId: null, answer: refused },
      { ...call, end: "HTTP_STATUS", status: 503, requestId: "7f3a-00", answer: hidden },
      { ...call, startedAt: T0 - 20, end: "delivered", status: 204, requestId: "7f3a-01" },
    ];
    const request = { text: '{"mail":"***"}', byteCount: 30, withheld: null };
    log.page({ entries: [one(0, { attemptCount: 4, attempts, request }), one(1)] });
    await index.catchUp();

    expect(find().entries).toMatchObject([{ request: null }, { attempts, request }]);
  });

  it("finds a text that was too long for the journal by the whole of it", async () => {
    const { log, index, find } = await setupIndex();
    const long = `${"x".repeat(511)}\ud83d\ude00${"y".repeat(100)}`;
    const kept = `${long.slice(0, 512)}…`;
    log.page({ entries: [one(0, { key: kept, id: kept, source: kept })] });
    await index.catchUp();

    expect(find({ key: long, id: long, source: long }).entries).toHaveLength(1);
  });

  it("is answered in parts that follow each other, whatever settled at one moment", async () => {
    const { log, index, find } = await setupIndex();
    const entries = Array.from({ length: 25 }, (_, offset) => one(offset, { settledAt: T0 }));
    for (const partition of [0, 1]) {
      log.page({ entries: entries.slice(0, 12) }, partition);
      log.page({ entries: entries.slice(12) }, partition);
    }
    await index.catchUp();

    for (const query of [{}, { target: "crm" }]) {
      const whole = find(query).entries;
      const parts: JournalEntry[] = [];
      let after: JournalCursor | null = null;
      do {
        const answer = find({ ...query, limit: 7, ...(after === null ? {} : { after }) });
        expect(answer.entries.length).toBeLessThanOrEqual(7);
        parts.push(...answer.entries);
        after = answer.next === null ? null : parseCursor(answer.next);
      } while (after !== null);
      expect(parts).toEqual(whole);
      expect(whole).toHaveLength(50);
    }
  });

  it("has no next part where the last entry is the limit's", async () => {
    const { find } = await setup();

    expect(find({ target: "audit", limit: 3 }).next).toBeNull();
    expect(find({ target: "audit", limit: 2 }).next).not.toBeNull();
  });

  it.each([0, 1.5, 1_001, Number.NaN])("may not ask for %d entries", async (limit) => {
    const { find } = await setup();

    expect(() => find({ limit })).toThrow(RangeError);
  });

  it.each(["", "1.2.3", "a.b.c.d", "1.2.3.4; DROP TABLE entries"])(
    "may not go on behind %j",
    (text) => {
      expect(() => parseCursor(text)).toThrow("not a cursor");
    },
  );
});

describe("offsets that a filter left out", () => {
  it("are found by their place, for each target", async () => {
    const { find } = await setup();
    const targetsAt = (offset: number, query: Partial<JournalQuery> = {}): string[] =>
      find({ place: users(offset), ...query }).skipped.map(({ target }) => target);

    expect([9, 10, 19, 20, 30, 31].map((offset) => targetsAt(offset).length)).toEqual([
      ...[0, 1, 1, 0, 1, 0],
    ]);
    expect(targetsAt(15).sort()).toEqual(["audit", "crm"]);
    expect(targetsAt(15, { target: "crm" })).toEqual(["crm"]);
    expect(targetsAt(15, { outcome: "skipped" })).toHaveLength(2);
    expect(find({ place: users(10) }).skipped).toEqual([
      { ...skipped(10, 20), target: "crm", toldAt: T0 },
    ]);
  });

  it("answer nothing that they have not", async () => {
    const { find } = await setup();
    const place = users(15);

    for (const query of [
      { key: "ada" },
      { id: "id-0" },
      { outcome: "delivered" } as const,
      { status: 204 },
      { from: T0 + 1 },
      { to: T0 },
      { target: "none" },
      { after: parseCursor("1.0.0.0") },
    ]) {
      expect(find({ place, ...query }).skipped).toEqual([]);
    }
    expect(find({ target: "crm" }).skipped).toEqual([]);
  });

  it("are found inside of a run that is much longer than the others", async () => {
    const { log, index, find } = await setupIndex();
    const runs = Array.from({ length: 50 }, (_, run) => skipped(run * 10, run * 10 + 1));
    log.page({ target: "crm", skipped: runs });
    log.page({ target: "audit", skipped: [skipped(0, 100_000)] });
    await index.catchUp();

    const targetsAt = (offset: number): string[] =>
      find({ place: users(offset) }).skipped.map(({ target }) => target);
    expect(targetsAt(491)).toEqual(["audit"]);
    expect(targetsAt(490).sort()).toEqual(["audit", "crm"]);
  });
});
