import { describe, expect, it } from "vitest";
import { asEpoch, asOffset, asPartition, asTopic } from "../../core/lanes/identity.ts";
import { JOURNAL_TEXT_MAX, type JournalEntry, type JournalSkip } from "./journal-entry.ts";
import { JournalPageBuilder } from "./journal-page.ts";
import { readJournalPage, type JournalReading } from "./journal-reader.ts";
import { ENTRY_BYTES_MAX } from "./journal-writer.ts";

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
  attempts: [{ startedAt: 1_764_000_000_100, durationMs: 23, end: "delivered", status: 204 }],
  job: null,
};

const FAILED: JournalEntry = {
  ...DELIVERED,
  offset: asOffset(7),
  outcome: "dead-lettered",
  reason: "RETRIES_EXHAUSTED",
  detail: 'HTTP 503 "näh"\n',
  attemptCount: 20,
  attempts: [
    { startedAt: 1, durationMs: 5_000, end: "TIMEOUT", status: null },
    { startedAt: 2, durationMs: 1, end: "HTTP_STATUS", status: 503 },
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

const read = (json: unknown): JournalReading => readJournalPage(Buffer.from(JSON.stringify(json)));

type Json = Record<string, unknown[]> & { entries: unknown[][]; skipped: unknown[][] };

/** A page as JSON, with one thing changed. */
function changed(change: (json: Json) => void): JournalReading {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the test above says what it is
  const json = JSON.parse(page([DELIVERED], [SKIPPED]).finish().toString()) as Json;
  change(json);
  return read(json);
}

describe("a page of the journal", () => {
  it("reads back as it was written", () => {
    const builder = page([DELIVERED, FAILED], [SKIPPED]);

    expect(readJournalPage(builder.finish())).toEqual({
      kind: "page",
      page: { target: "crm", entries: [DELIVERED, FAILED], skipped: [SKIPPED] },
    });
  });

  it.each<[string, Partial<JournalEntry>]>([
    ["has no readable envelope", { id: null, source: null, type: null, traceId: null }],
    ["has no key", { key: null }],
    ["has a key that is no UTF-8", { key: { hex: "00ff" } }],
    ["was never attempted", { attemptCount: 0, attempts: [] }],
    ["has texts that JSON must escape", { id: '"\\\u0000\ud800', source: "\u2028", key: "ключ" }],
  ])("tells of an event that %s", (_, part) => {
    const entry = { ...DELIVERED, ...part };

    expect(readJournalPage(page([entry]).finish())).toMatchObject({ page: { entries: [entry] } });
  });

  it("is JSON that any reader takes", () => {
    expect(JSON.parse(page([DELIVERED], [SKIPPED]).finish().toString())).toEqual({
      v: 1,
      target: "crm",
      entries: [
        [
          ...[0, 3, "9007199254740991", 12, "u-1", "0190f3c2", 1, 2, 3, 4, null, null, 5],
          ...[1_764_000_000_123, "0af7651916cd43dd8448eb211c80319c", 1],
          [[1_764_000_000_100, 23, 4, 204]],
        ],
      ],
      skipped: [[0, 3, "10", "14", 12, 5]],
      texts: ["users", "/orders", "users.ProfileUpdated", "default", "delivered", "r1"],
    });
  });

  it("makes one run of runs that follow each other", () => {
    const next = { ...SKIPPED, from: asOffset(14), to: asOffset(20) };
    const elsewhere = { ...next, partition: asPartition(4) };
    const later = { ...next, from: asOffset(21), to: asOffset(22) };
    const builder = page([], [SKIPPED, next, elsewhere, later]);

    expect([builder.partCount, builder.settledCount]).toEqual([3, 17]);
    expect(readJournalPage(builder.finish())).toMatchObject({
      page: { skipped: [{ ...SKIPPED, to: 20 }, elsewhere, later] },
    });
  });

  it("knows its length", () => {
    const long = { ...DELIVERED, id: "ü".repeat(100), key: { hex: "00" } };
    const builder = page([DELIVERED, long, FAILED], [SKIPPED, { ...SKIPPED, epoch: asEpoch(13) }]);
    builder.skip({ ...SKIPPED, epoch: asEpoch(14) });

    const { bytes } = builder;
    const { length } = builder.finish();
    // The last run is written only when it is known to be whole.
    expect(length - bytes).toBeLessThan(100);
    expect(builder.bytes).toBe(length);
  });

  it("has room for its longest entry in what is kept free for it", () => {
    const text = `${"\u0000".repeat(JOURNAL_TEXT_MAX)}…`;
    const attempts = Array.from({ length: 8 }, (_, index) => ({
      startedAt: 1_764_000_000_100,
      durationMs: 1_234_567,
      end: `${index}${text}`.slice(0, 40),
      status: 599,
    }));
    const worst = { ...DELIVERED, key: text, id: text, detail: text, traceId: text, attempts };
    const before = page([]).bytes;
    const named = { source: `a${text}`, type: `b${text}`, tenant: `c${text}`, reason: `d${text}` };

    expect(page([{ ...worst, ...named }]).bytes - before).toBeLessThan(ENTRY_BYTES_MAX);
  });
});

describe("a reader", () => {
  it("refuses a version that it does not know", () => {
    const reading = changed((json) => Object.assign(json, { v: 2 }));

    expect(reading).toEqual({
      kind: "unreadable",
      detail:
        "no page of the journal: its version is 2; this program reads version 1, a newer one may read it",
    });
  });

  it("leaves aside what a later writer adds", () => {
    const reading = changed((json) => {
      Object.assign(json, { process: "p1" });
      json.entries[0]?.push(null, "more");
    });

    expect(reading).toMatchObject({ kind: "page", page: { entries: [DELIVERED] } });
  });

  it.each<[string, JournalReading]>([
    ["no JSON", readJournalPage(Buffer.from("{"))],
    ["a tombstone's nothing", readJournalPage(new Uint8Array())],
    ["no object", read(7)],
    ["no version", read({})],
    ["no entries", read({ v: 1, target: "crm", skipped: [], texts: [] })],
    ["an unknown outcome", changed((json) => json["texts"]?.splice(4, 1, "lost"))],
    ["an index to no text", changed((json) => json["texts"]?.pop())],
    ["a row too short", changed((json) => json.entries[0]?.splice(9))],
    ["an offset that is none", changed((json) => json.skipped[0]?.splice(2, 1, "1.5"))],
  ])("says that it cannot read a page with %s", (_, reading) => {
    expect(reading.kind).toBe("unreadable");
  });
});
