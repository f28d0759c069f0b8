import { describe, expect, it } from "vitest";
import { readPage } from "../../../testing/journal-pages.ts";
import { JOURNAL_BODY_BYTES_MAX } from "../../ports.ts";
import { asEpoch, asJob, asOffset, asPartition, asTopic } from "../../core/lanes/identity.ts";
import { JOURNAL_TEXT_MAX, type JournalEntry, type JournalSkip } from "./journal-entry.ts";
import { JournalPageBuilder } from "./journal-page.ts";
import { ENTRY_BYTES_MAX, entryBytesMax, PAGE_BYTES_MAX } from "./journal-writer.ts";

const DELIVERED: JournalEntry = {
  topic: asTopic("users"),
  partition: asPartition(3),
  offset: asOffset(9_007_199_254_740_991),
  epoch: asEpoch(12),
  key: "u-1",
  id: "0190f3c2",
  source: "/orders",
  type: "users.ProfileUpdated",
  tenant: "default",
  outcome: "delivered",
  reason: null,
  detail: null,
  mappingRevision: "r1",
  settledAt: 1_764_000_000_123,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  attemptCount: 1,
  attempts: [
    {
      ...{ startedAt: 1_764_000_000_100, durationMs: 23, end: "delivered", status: 204 },
      ...{ requestId: "7f3a-01", answer: null },
    },
  ],
  ...{ job: null, request: null },
};

const TIMED_OUT = {
  ...{ startedAt: 1, durationMs: 5_000, end: "TIMEOUT", status: null },
  ...{ requestId: null, answer: null },
};

const FAILED: JournalEntry = {
  ...DELIVERED,
  offset: asOffset(7),
  outcome: "dead-lettered",
  reason: "RETRIES_EXHAUSTED",
  detail: 'HTTP 503 "näh"\n',
  attemptCount: 20,
  attempts: [
    TIMED_OUT,
    { ...TIMED_OUT, startedAt: 2, durationMs: 1, end: "HTTP_STATUS", status: 503 },
  ],
};

const SKIPPED: JournalSkip = {
  topic: asTopic("users"),
  partition: asPartition(3),
  from: asOffset(10),
  to: asOffset(14),
  epoch: asEpoch(12),
  mappingRevision: "r1",
};

function page(
  entries: readonly JournalEntry[],
  skips: readonly JournalSkip[] = [],
): JournalPageBuilder {
  const builder = new JournalPageBuilder("crm");
  for (const entry of entries) builder.add(entry);
  for (const skip of skips) builder.skip(skip);
  return builder;
}

describe("a page of the journal", () => {
  it("reads back as it was written", () => {
    const builder = page([DELIVERED, FAILED], [SKIPPED]);

    expect(readPage(builder.finish(42))).toMatchObject({
      schemaId: 42,
      target: "crm",
      entries: [DELIVERED, FAILED],
      skipped: [SKIPPED],
    });
  });

  it.each<[string, Partial<JournalEntry>]>([
    ["has no readable envelope", { id: null, source: null, type: null, traceId: null }],
    ["has no key", { key: null }],
    ["has a key that is no UTF-8", { key: { hex: "00ff" } }],
    ["was never attempted", { attemptCount: 0, attempts: [] }],
    ["has texts of many bytes", { id: '"\\\u0000', source: "\u2028", key: "ключ", traceId: "😀" }],
    ["belongs to a replay", { job: asJob("repair-1") }],
    ["settled before 1970", { settledAt: -1 }],
    [
      "has a request and answers",
      {
        request: { text: '{"mail":"***"}', byteCount: 21, withheld: null },
        attempts: [
          { ...TIMED_OUT, answer: { text: "näh…", byteCount: 70_000, withheld: null } },
          { ...TIMED_OUT, answer: { text: null, byteCount: 300, withheld: "NOT_JSON" } },
        ],
      },
    ],
  ])("tells of an event that %s", (_, part) => {
    const entry = { ...DELIVERED, ...part };

    expect(readPage(page([entry]).finish(1)).entries).toEqual([entry]);
  });

  it("names a text once, however often it comes", () => {
    const one = page([DELIVERED]).finish(1);
    const two = page([DELIVERED, { ...DELIVERED, offset: asOffset(1) }]).finish(1);

    expect(String(two).split("users.ProfileUpdated")).toHaveLength(2);
    expect(two.length - one.length).toBeLessThan(100);
  });

  it("is empty where nothing was added", () => {
    expect(page([]).finish(1).toString("hex")).toBe("0000000001" + "0663726d" + "000000");
  });

  it("makes one run of runs that follow each other", () => {
    const next = { ...SKIPPED, from: asOffset(14), to: asOffset(20) };
    const elsewhere = { ...next, partition: asPartition(4) };
    const later = { ...next, from: asOffset(21), to: asOffset(22) };
    const builder = page([], [SKIPPED, next, elsewhere, later]);

    expect([builder.partCount, builder.settledCount]).toEqual([3, 17]);
    expect(readPage(builder.finish(1)).skipped).toEqual([{ ...SKIPPED, to: 20 }, elsewhere, later]);
  });

  it("knows its length, or a little more", () => {
    const long = { ...DELIVERED, id: "ü".repeat(100), key: { hex: "00" } };
    const builder = page([DELIVERED, long, FAILED], [SKIPPED, { ...SKIPPED, epoch: asEpoch(13) }]);
    builder.skip({ ...SKIPPED, epoch: asEpoch(14) });

    const { bytes } = builder;
    const { length } = builder.finish(1);
    // The last run is written only when it is known to be whole.
    expect(length - bytes).toBeLessThan(30);
    expect(builder.bytes - length).toBeGreaterThanOrEqual(0);
    expect(builder.bytes - length).toBeLessThan(50);
  });

  it("has room for its longest entry in what is kept free for it", () => {
    const text = `${"\u2028".repeat(JOURNAL_TEXT_MAX)}…`;
    const attempts = Array.from({ length: 8 }, (_, index) => ({
      startedAt: Number.MAX_SAFE_INTEGER,
      durationMs: 1_234_567,
      end: `${index}${text}`.slice(0, 40),
      status: 599,
      ...{ requestId: `${index}${"r".repeat(127)}`, answer: null },
    }));
    const worst = { ...DELIVERED, key: text, id: text, detail: text, traceId: text, attempts };
    const before = page([]).bytes;
    const named = { source: `a${text}`, type: `b${text}`, tenant: `c${text}`, reason: `d${text}` };

    const entry = { ...worst, ...named };
    expect(page([entry]).bytes - before).toBeLessThan(ENTRY_BYTES_MAX);

    const bytesMax = JOURNAL_BODY_BYTES_MAX;
    const body = { text: `${"x".repeat(bytesMax)}…`, byteCount: Number.MAX_SAFE_INTEGER };
    const answered = attempts.map((attempt, index) => {
      return { ...attempt, answer: { ...body, withheld: `${index}${"w".repeat(15)}` } };
    });
    const full = { ...entry, attempts: answered, request: { ...body, withheld: null } };
    expect(page([full]).bytes - before).toBeLessThan(entryBytesMax(bytesMax));
    expect(entryBytesMax(bytesMax)).toBeLessThan(PAGE_BYTES_MAX);
  });
});
