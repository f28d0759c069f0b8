import { describe, expect, it } from "vitest";
import { FAILED, OK } from "../../../testing/engine-bench.ts";
import { readPage } from "../../../testing/journal-pages.ts";
import { DriverBench, place, settled, setupDriver } from "../../../testing/driver-bench.ts";
import type { AttemptResult } from "../../core/lanes/attempt-result.ts";
import { DEFAULTS } from "../../core/config.ts";
import { asOffset } from "../../core/lanes/identity.ts";
import type { JournalBodies, JournalBody } from "../../ports.ts";
import { JOURNAL_TEXT_MAX, type JournalEntry, type JournalSkip } from "./journal-entry.ts";
import { PAGE_AGE_MAX_MS } from "./journal-writer.ts";

const WALL = Date.UTC(2026, 0, 1) + 1_000;

/** What the journal says by now. */
async function journalOf(
  bench: DriverBench,
): Promise<{ entries: JournalEntry[]; skipped: JournalSkip[] }> {
  await bench.clock.advance(PAGE_AGE_MAX_MS);
  const pages = bench.journalSink.records.map(({ value }) => readPage(value));
  return {
    entries: pages.flatMap(({ entries }) => entries),
    skipped: pages.flatMap(({ skipped }) => skipped),
  };
}

/** Ends the open call of a body with a result. */
async function answer(bench: DriverBench, body: string, result: AttemptResult) {
  bench.sender.open.find(({ request }) => request.body === body)?.end(result);
  await settled();
}

/** Ends the only open call with a result and a body. */
async function answerWith(bench: DriverBench, result: AttemptResult, text: string) {
  const bytes = Buffer.from(text);
  bench.sender.open[0]?.end(result, { bytes, byteCount: bytes.length });
  await settled();
}

/** Shows bodies as they are, and a `-` in front. */
function shownBodies(attempts: JournalBodies["attempts"]): JournalBodies {
  const shown = (bytes: Uint8Array | string | null): JournalBody => {
    const text = Buffer.from(bytes ?? "").toString();
    return { text: `-${text}`, byteCount: text.length, withheld: null };
  };
  return {
    ...{ attempts, bytesMax: 100 },
    request: ({ request }) => shown(request?.body ?? null),
    answer: (_, { bytes }) => shown(bytes),
  };
}

/** What the journal says of the bodies of an event that one attempt failed of, and the next one delivered. */
async function bodiesOf(journalBodies: JournalBodies | null): Promise<unknown> {
  const retry = { ...DEFAULTS.retry, baseMs: 1, capMs: 1 };
  const bench = new DriverBench({ retry }, journalBodies === null ? {} : { journalBodies });
  await bench.assign(1);
  await bench.fetch(["k:1"]);
  await answerWith(bench, FAILED, "away");
  await bench.clock.advance(30);
  await answerWith(bench, OK, "taken");
  const { entries } = await journalOf(bench);
  return entries.map(({ request, attempts }) => [
    request?.text ?? null,
    ...attempts.map((attempt) => attempt.answer?.text ?? null),
  ]);
}

describe("the journal", () => {
  it("tells what became of a delivered event, with its attempts", async () => {
    const bench = await setupDriver({
      retry: { maxAgeMs: 60_000, baseMs: 1, capMs: 1, maxAttempts: { kind: "unlimited" } },
    });
    await bench.fetch(["k:1"]);
    await bench.clock.advance(20);
    await answer(bench, "1", { ...FAILED, requestId: "call-1" });
    await bench.clock.advance(30);
    await answer(bench, "1", OK);

    expect((await journalOf(bench)).entries).toMatchObject([
      {
        topic: "users",
        partition: 0,
        offset: 0,
        epoch: 0,
        key: "k",
        id: "id-0",
        source: "urn:test",
        type: "users.ProfileUpdated",
        tenant: "acme",
        outcome: "delivered",
        reason: null,
        detail: null,
        mappingRevision: "r1",
        settledAt: WALL + 50,
        traceId: "0af7651916cd43dd8448eb211c80319c",
        attemptCount: 2,
        attempts: [
          {
            ...{ startedAt: WALL, durationMs: 20, end: "HTTP_STATUS", status: 503 },
            ...{ requestId: "call-1", answer: null },
          },
          {
            ...{ startedAt: WALL + 20, durationMs: 30, end: "delivered", status: 204 },
            ...{ requestId: null, answer: null },
          },
        ],
      },
    ]);
  });

  it("tells why an event was dead-lettered", async () => {
    const bench = await setupDriver();
    await bench.fetch(["k:1", "-:bad"]);
    await bench.end("1", 422);

    const { entries } = await journalOf(bench);
    expect(entries).toMatchObject([
      { offset: 1, outcome: "dead-lettered", reason: "DECODE_FAILED", attempts: [], id: null },
      {
        offset: 0,
        outcome: "dead-lettered",
        reason: "HTTP_REJECTED",
        detail: "HTTP 422",
        attempts: [{ end: "HTTP_REJECTED", status: 422 }],
      },
    ]);
  });

  it("tells behind which dead letter an event is parked", async () => {
    const bench = await setupDriver();
    await bench.fetch(["k:1", "k:2"]);
    await bench.end("1", 422);
    await bench.clock.advance(0);

    const { entries } = await journalOf(bench);
    expect(entries.map(({ outcome }) => outcome)).toEqual(["dead-lettered", "parked"]);
    expect(entries[1]).toMatchObject({
      ...{ offset: 1, reason: "KEY_QUARANTINED", detail: "behind offset 0", attempts: [] },
    });
  });

  it("tells filtered offsets as runs", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:skip", "a:skip", "a:1", "a:skip"]);
    await bench.end("1");

    const { entries, skipped } = await journalOf(bench);
    expect(entries.map(({ offset }) => offset)).toEqual([2]);
    expect(skipped).toMatchObject([
      { topic: "users", partition: 0, from: 0, to: 2, mappingRevision: "r1" },
      { from: 3, to: 4 },
    ]);
  });

  it.each<[string, JournalBodies | null, (string | null)[]]>([
    ["no body unless it is told to", null, [null, null, null]],
    ["bodies of failed attempts", shownBodies("failures"), ["-1", "-away", null]],
    ["bodies of all attempts", shownBodies("all"), ["-1", "-away", "-taken"]],
  ])("shows %s, as the target's bodies are shown", async (_, bodies, expected) => {
    expect(await bodiesOf(bodies)).toEqual([expected]);
  });

  it("shows no request where every attempt was delivered, and only failures are shown", async () => {
    const bench = new DriverBench({}, { journalBodies: shownBodies("failures") });
    await bench.assign(1);
    await bench.fetch(["k:1"]);
    await answerWith(bench, OK, "taken");

    expect((await journalOf(bench)).entries).toMatchObject([
      { request: null, attempts: [{ answer: null }] },
    ]);
  });

  it("has nothing of the payload", async () => {
    const bench = await setupDriver();
    await bench.fetch(["k:s3cret"]);
    await bench.end("s3cret");
    await bench.clock.advance(PAGE_AGE_MAX_MS);

    const text = bench.journalSink.records.map(({ value }) => String(value)).join("");
    expect(text).toContain("id-0");
    expect(text).not.toMatch(/s3cret|api\.example|idempotency/u);
  });

  it("does not tell what an ended epoch still produces", async () => {
    const bench = await setupDriver();
    await bench.fetch(["k:1"]);
    bench.driver.lost("a test says so");
    await bench.clock.advance(0);

    expect((await journalOf(bench)).entries).toEqual([]);
  });

  it.each([
    ["a text", Buffer.from("ключ"), "ключ"],
    ["bytes that are no text", Buffer.from([0, 255]), { hex: "00ff" }],
    ["a long text", Buffer.from("é".repeat(600)), `${"é".repeat(JOURNAL_TEXT_MAX)}…`],
    ["long bytes", Buffer.alloc(600, 255), { hex: `${"ff".repeat(JOURNAL_TEXT_MAX / 2)}…` }],
  ])("names a key that is %s", async (_, key, expected) => {
    const bench = await setupDriver();
    const record = { ...place(0), offset: asOffset(0), timestampMs: 0, headers: {} };
    const records = [{ ...record, key, value: Buffer.from("1") }];
    bench.driver.records({ ...place(0), records, logEndOffset: asOffset(1) });
    await bench.clock.advance(0);
    await bench.end("1");

    expect((await journalOf(bench)).entries).toMatchObject([{ key: expected }]);
  });
});
