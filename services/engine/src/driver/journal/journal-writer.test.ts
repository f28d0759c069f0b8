import { describe, expect, it } from "vitest";
import { ManualClock, settled } from "../../../testing/manual-clock.ts";
import { MemorySink } from "../../../testing/memory-ports.ts";
import { MemoryTelemetry } from "../../../testing/memory-telemetry.ts";
import { DEFAULTS } from "../../core/config.ts";
import type { Delivery } from "../../core/lanes/delivery.ts";
import { asEpoch, asOffset, asPartition, asTarget, asTopic } from "../../core/lanes/identity.ts";
import { createState } from "../../core/state.ts";
import { step } from "../../core/step.ts";
import type { PreparedEvent } from "../../ports.ts";
import { readJournalPage } from "./journal-reader.ts";
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
  step(state, { kind: "assigned", generation: 1, partitions, partitionCount: 1 }, moment);
  const records = Array.from({ length: count }, (_, offset) => ({
    ...{ kind: "matched" as const, offset: asOffset(offset), key: null, bytes: 1 },
    ...{ verdict: { kind: "deliver" as const }, payload: event(offset, id) },
  }));
  const begun = step(state, { kind: "records", ...place, records }, moment).flatMap((effect) =>
    effect.kind === "attempt" ? [effect.delivery] : [],
  );
  const result = { kind: "delivered" as const, status: 204 };
  step(
    state,
    { kind: "attempts-ended", ends: begun.map((one) => ({ delivery: one, result })) },
    moment,
  );
  return begun;
}

/** A writer whose sink is held: a write ends when it is let go. */
function setup() {
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
    { clock, telemetry, journalSink: sink },
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
    pages: (): number[] =>
      sink.records.map(({ value }) => {
        const reading = readJournalPage(value ?? new Uint8Array());
        return reading.kind === "page" ? reading.page.entries.length : -1;
      }),
    droppedCount: (): number =>
      telemetry.valuesOf("millrace.journal.dropped").reduce((sum, { value }) => sum + value, 0),
  };
}

describe("a page", () => {
  it("is written when its first entry has waited long enough", async () => {
    const { journal, clock, settle, pages, sink } = setup();
    settle(2);
    await clock.advance(PAGE_AGE_MAX_MS - 1);
    settle(1);
    expect(pages()).toEqual([]);

    await clock.advance(1);
    expect(pages()).toEqual([3]);
    expect(sink.records[0]).toMatchObject({
      topic: "millrace.deliveries",
      key: Buffer.from("crm"),
    });
    expect(clock.taskCount).toBe(0);
    await journal.close();
  });

  it("is written at once when it is full of entries", async () => {
    const { clock, settle, pages } = setup();
    settle(PAGE_PARTS_MAX * 2 + 1);
    await settled();
    expect(pages()).toEqual([PAGE_PARTS_MAX, PAGE_PARTS_MAX]);

    await clock.advance(PAGE_AGE_MAX_MS);
    expect(pages()).toEqual([PAGE_PARTS_MAX, PAGE_PARTS_MAX, 1]);
  });

  it("is written before it outgrows its bytes", async () => {
    const { settle, sink } = setup();
    settle(300, "\u0000".repeat(500));
    await settled();

    const lengths = sink.records.map(({ value }) => value?.length ?? 0);
    expect(lengths.length).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    expect(Math.min(...lengths)).toBeGreaterThan(PAGE_BYTES_MAX - ENTRY_BYTES_MAX);
  });

  it("holds runs of filtered offsets", async () => {
    const { skip, clock, sink } = setup();
    skip(0, 10);
    skip(10, 30);
    await clock.advance(PAGE_AGE_MAX_MS);

    expect(readJournalPage(sink.records[0]?.value ?? new Uint8Array())).toMatchObject({
      page: { entries: [], skipped: [{ from: 0, to: 30 }] },
    });
  });
});

describe("a journal that cannot be written", () => {
  it("drops the page of a failed write, counts it and goes on", async () => {
    const { clock, settle, pages, hold, held, sink, droppedCount, telemetry } = setup();
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
    const { settle, pages, hold, held, droppedCount, skip } = setup();
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
    const { clock, settle, hold, held } = setup();
    hold();
    settle(PAGE_PARTS_MAX * OPEN_PAGES_MAX + 1);
    await clock.advance(PAGE_AGE_MAX_MS);
    expect(held.length).toBe(OPEN_PAGES_MAX);

    held[0]?.resolve();
    await settled();
    expect(held.length).toBe(OPEN_PAGES_MAX + 1);
  });

  it("says so once in a while", async () => {
    const { clock, settle, hold, held, telemetry } = setup();
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

describe("the end of a journal", () => {
  it("waits until the last page is written", async () => {
    const { settle, journal, hold, held, pages } = setup();
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
    const { settle, journal, hold, held, clock, telemetry } = setup();
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
    await expect(setup().journal.close()).resolves.toBeUndefined();
  });
});
