import { describe, expect, it } from "vitest";
import { readPage } from "../../../testing/journal-pages.ts";
import { ManualClock, settled } from "../../../testing/manual-clock.ts";
import { MemorySink } from "../../../testing/memory-ports.ts";
import { MemoryTelemetry } from "../../../testing/memory-telemetry.ts";
import { DEFAULTS } from "../../core/config.ts";
import type { Delivery } from "../../core/lanes/delivery.ts";
import { asEpoch, asOffset, asPartition, asTarget, asTopic } from "../../core/lanes/identity.ts";
import { createState } from "../../core/state.ts";
import { step } from "../../core/step.ts";
import { JOURNAL_BODY_BYTES_MAX, type JournalBodies, type PreparedEvent } from "../../ports.ts";
import {
  ENTRY_BYTES_MAX,
  JOURNAL_CLOSE_MS,
  JournalWriter,
  OPEN_PAGES_MAX,
  PAGE_AGE_MAX_MS,
  PAGE_BYTES_MAX,
  PAGE_PARTS_MAX,
} from "./journal-writer.ts";

const place = { topic: asTopic("users"), partition: asPartition(0) };

function event(offset: number, id: string): PreparedEvent {
  const record = { ...place, offset: asOffset(offset), timestampMs: 0, value: null, headers: {} };
  return {
    record: { ...record, key: Buffer.from("k") },
    ...{ id, source: "urn:test", type: "t", tenant: "default", request: null },
    ...{ traceparent: null, tracestate: null, mappingRevision: "r1" },
  };
}

/** Deliveries of an engine, each attempted once. */
function deliveries(count: number, id: string): readonly Delivery<PreparedEvent>[] {
  const many = { unsettledMax: Infinity, targetUnsettledMax: Infinity };
  const config = { ...DEFAULTS, bounds: { ...DEFAULTS.bounds, ...many }, concurrencyMax: count };
  const state = createState<PreparedEvent>({ ...config, order: "none" }, 0);
  const moment = { now: 5, wallNow: 5, entropy: 0 };
  const from = { offset: asOffset(0), metadata: "" };
  const taken = { epoch: asEpoch(1), committed: from, logEndOffset: asOffset(count), markers: [] };
  const partitions = [{ kind: "taken" as const, ...place, ...taken }];
  step(state, [{ kind: "assigned", generation: 1, partitions, partitionCount: 1 }], moment);
  const records = Array.from({ length: count }, (_, offset) => ({
    ...{ kind: "matched" as const, offset: asOffset(offset), key: null, bytes: 1 },
    ...{ verdict: { kind: "deliver" as const }, payload: event(offset, id) },
  }));
  const begun = step(state, [{ kind: "records", ...place, records }], moment).flatMap((effect) =>
    effect.kind === "attempt" ? [effect.delivery] : [],
  );
  const result = { kind: "delivered" as const, status: 204 };
  step(
    state,
    [{ kind: "attempts-ended", ends: begun.map((one) => ({ delivery: one, result })) }],
    moment,
  );
  return begun;
}

/** Schema's id of these tests. */
const SCHEMA_ID = 7;

/** A writer that knows the schema's id, with what a test holds in its hands. */
async function setup() {
  const bench = setupWith(Promise.resolve(SCHEMA_ID));
  await settled();
  return bench;
}

/** A writer that is told the schema's id by a promise. */
function setupWith(journalSchemaId: Promise<number>, journalBodies?: JournalBodies) {
  const clock = new ManualClock();
  const telemetry = new MemoryTelemetry();
  const sink = new MemorySink();
  const held: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const journal = new JournalWriter(
    {
      target: asTarget("crm"),
      journalTopic: asTopic("millrace.deliveries"),
      mappingRevision: "r1",
    },
    {
      ...{ clock, telemetry, journalSink: sink, journalSchemaId },
      ...(journalBodies === undefined ? {} : { journalBodies }),
    },
  );
  const [owned] = deliveries(1, "any");
  if (owned === undefined) throw new Error("the engine attempts nothing");
  const { partition } = owned;
  return {
    clock,
    telemetry,
    sink,
    held,
    journal,
    /** Settles so many deliveries. */
    settle: (count: number, id = "id"): void => {
      for (const delivery of deliveries(count, id)) {
        journal.settled(delivery, { outcome: "delivered", traceId: null });
      }
    },
    /** Leaves offsets out. */
    skip: (from: number, to: number): void =>
      journal.skipped({ partition, from: asOffset(from), to: asOffset(to) }),
    hold: (): void => {
      sink.onAppend = () =>
        new Promise((resolve, reject) => {
          held.push({ resolve, reject });
        });
    },
    /** Entries of each page that was written. */
    pages: (): number[] => sink.records.map(({ value }) => readPage(value).entries.length),
    droppedCount: (): number =>
      telemetry.valuesOf("millrace.journal.dropped").reduce((sum, { value }) => sum + value, 0),
  };
}

describe("a page", () => {
  it("is written when its first entry has waited long enough", async () => {
    const { journal, clock, settle, pages, sink } = await setup();
    settle(2);
    await clock.advance(PAGE_AGE_MAX_MS - 1);
    settle(1);
    expect(pages()).toEqual([]);

    await clock.advance(1);
    expect(pages()).toEqual([3]);
    expect(sink.records[0]).toMatchObject({
      topic: "millrace.deliveries",
      key: Buffer.from("crm"),
      headers: { "content-type": Buffer.from("application/avro") },
    });
    expect(readPage(sink.records[0]?.value ?? null)).toMatchObject({
      schemaId: SCHEMA_ID,
      target: "crm",
    });
    expect(clock.taskCount).toBe(0);
    await journal.close();
  });

  it("is written at once when it is full of entries", async () => {
    const { clock, settle, pages } = await setup();
    settle(PAGE_PARTS_MAX * 2 + 1);
    await settled();
    expect(pages()).toEqual([PAGE_PARTS_MAX, PAGE_PARTS_MAX]);

    await clock.advance(PAGE_AGE_MAX_MS);
    expect(pages()).toEqual([PAGE_PARTS_MAX, PAGE_PARTS_MAX, 1]);
  });

  it("is written before it outgrows its bytes", async () => {
    const { settle, sink } = await setup();
    settle(600, "\u2028".repeat(500));
    await settled();

    const lengths = sink.records.map(({ value }) => value?.length ?? 0);
    expect(lengths.length).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    expect(Math.min(...lengths)).toBeGreaterThan(PAGE_BYTES_MAX - ENTRY_BYTES_MAX);
  });

  it("has room for the bodies of the longest entry", async () => {
    const text = "\u2028".repeat(Math.floor(JOURNAL_BODY_BYTES_MAX / 3));
    const body = { text: `${text}…`, byteCount: 2 ** 40, withheld: null };
    const bytesMax = JOURNAL_BODY_BYTES_MAX;
    const { settle, sink } = setupWith(Promise.resolve(SCHEMA_ID), {
      ...{ attempts: "all", bytesMax, request: () => body, answer: () => body },
    });
    await settled();
    settle(40, "\u2028".repeat(500));
    await settled();

    const lengths = sink.records.map(({ value }) => value?.length ?? 0);
    expect(lengths.length).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
  });

  it("holds runs of filtered offsets", async () => {
    const { skip, clock, sink } = await setup();
    skip(0, 10);
    skip(10, 30);
    await clock.advance(PAGE_AGE_MAX_MS);

    expect(readPage(sink.records[0]?.value ?? null)).toMatchObject({
      entries: [],
      skipped: [{ from: 0, to: 30 }],
    });
  });
});

describe("a journal that cannot be written", () => {
  it("drops the page of a failed write, counts it and goes on", async () => {
    const { clock, settle, pages, hold, held, sink, droppedCount, telemetry } = await setup();
    hold();
    settle(PAGE_PARTS_MAX);
    held[0]?.reject(new Error("brokers are away"));
    await settled();
    sink.onAppend = () => Promise.resolve();
    settle(1);
    await clock.advance(PAGE_AGE_MAX_MS);

    expect(pages()).toEqual([1]);
    expect(droppedCount()).toBe(PAGE_PARTS_MAX);
    expect(telemetry.lines).toMatchObject([
      { level: "warn", fields: { target: "crm", entries: 500, error: "brokers are away" } },
    ]);
  });

  it("drops and counts what comes while too many pages are being written", async () => {
    const { settle, pages, hold, held, droppedCount, skip } = await setup();
    hold();
    settle(PAGE_PARTS_MAX * (OPEN_PAGES_MAX + 1) + 7);
    skip(0, 5);
    expect(held.length).toBe(OPEN_PAGES_MAX);
    expect(droppedCount()).toBe(12);

    held[0]?.resolve();
    await settled();
    expect(pages()).toEqual([PAGE_PARTS_MAX]);
    expect(held.length).toBe(OPEN_PAGES_MAX + 1);
    settle(1);
    expect(droppedCount()).toBe(12);
  });

  it("writes a page that is due as soon as another write ends", async () => {
    const { clock, settle, hold, held } = await setup();
    hold();
    settle(PAGE_PARTS_MAX * OPEN_PAGES_MAX + 1);
    await clock.advance(PAGE_AGE_MAX_MS);
    expect(held.length).toBe(OPEN_PAGES_MAX);

    held[0]?.resolve();
    await settled();
    expect(held.length).toBe(OPEN_PAGES_MAX + 1);
  });

  it("says so once in a while", async () => {
    const { clock, settle, hold, held, telemetry } = await setup();
    hold();
    for (const waitMs of [0, 9_000, 2_000]) {
      await clock.advance(waitMs);
      settle(PAGE_PARTS_MAX);
      held.at(-1)?.reject(new Error("away"));
      await settled();
    }

    expect(telemetry.lines.map(({ fields }) => fields["entries"])).toEqual([500, 1_000]);
  });
});

describe("a journal whose schema is not known yet", () => {
  it("writes what has waited once it is known", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const { settle, clock, pages, droppedCount } = setupWith(promise);
    settle(2);
    await clock.advance(PAGE_AGE_MAX_MS * 4);
    settle(1);
    expect(pages()).toEqual([]);

    resolve(SCHEMA_ID);
    await settled();
    expect(pages()).toEqual([3]);
    expect(droppedCount()).toBe(0);
  });

  it("goes on filling a page that is not due yet", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const { settle, clock, pages } = setupWith(promise);
    settle(1);
    resolve(SCHEMA_ID);
    await settled();
    settle(1);
    expect(pages()).toEqual([]);

    await clock.advance(PAGE_AGE_MAX_MS);
    expect(pages()).toEqual([2]);
  });

  it("keeps one page, and drops, counts and tells what comes after it", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const { settle, skip, pages, droppedCount, telemetry } = setupWith(promise);
    settle(PAGE_PARTS_MAX + 2);
    skip(0, 5);
    expect(droppedCount()).toBe(7);
    expect(telemetry.lines).toMatchObject([
      { level: "warn", fields: { error: expect.stringContaining("schema") as unknown } },
    ]);

    resolve(SCHEMA_ID);
    await settled();
    expect(pages()).toEqual([PAGE_PARTS_MAX]);
  });

  it("counts what it still has at its end as lost, and does not wait", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const { settle, journal, pages, droppedCount } = setupWith(promise);
    settle(3);
    await journal.close();
    expect(droppedCount()).toBe(3);

    resolve(SCHEMA_ID);
    await settled();
    expect(pages()).toEqual([]);
  });
});

describe("the end of a journal", () => {
  it("waits until the last page is written", async () => {
    const { settle, journal, hold, held, pages } = await setup();
    hold();
    settle(1);
    let isClosed = false;
    const closing = journal.close().then(() => (isClosed = true));
    await settled();
    expect(isClosed).toBe(false);

    held[0]?.resolve();
    await closing;
    expect(pages()).toEqual([1]);
  });

  it("does not wait for brokers that do not answer, and says nothing afterwards", async () => {
    const { settle, journal, hold, held, clock, telemetry } = await setup();
    hold();
    settle(1);
    const closing = journal.close();
    await clock.advance(JOURNAL_CLOSE_MS);

    await expect(closing).resolves.toBeUndefined();
    held[0]?.reject(new Error("away"));
    await settled();
    expect(telemetry.lines).toEqual([]);
  });

  it("comes at once when nothing is left", async () => {
    const { journal } = await setup();

    await expect(journal.close()).resolves.toBeUndefined();
  });
});
