import { describe, expect, it } from "vitest";

import { DriverBench, place } from "../../testing/driver-bench.ts";
import { readPage } from "../../testing/journal-pages.ts";
import { MemoryStateLog } from "../../testing/memory-ports.ts";
import type { EngineConfig } from "../core/config.ts";
import { asOffset, asRecordKey } from "../core/lanes/identity.ts";
import { MillraceError } from "../errors.ts";
import type { JournalEntry } from "./journal/journal-entry.ts";

const KEY = asRecordKey("a");
const WISH = { ...place(0), key: KEY, offset: asOffset(0), redriveCount: 0 };
const discardOf = (below: number) => ({ ...WISH, below: asOffset(below) });

/** A driver whose key `a` is in quarantine for `a:1`; `a:2` and `a:3` are parked, at 2 and 3. */
async function quarantined(engine: Partial<EngineConfig> = {}): Promise<DriverBench> {
  const bench = new DriverBench(engine);
  await bench.assign(1, [{ logEnd: 0 }]);
  await bench.fetch(["a:1", "b:1", "a:2", "a:3"]);
  await bench.end("1", 422);
  await bench.end("1");
  await bench.clock.advance(1_000);
  return bench;
}

/** Bodies that were sent since the key was set aside. */
const bodies = (bench: DriverBench): unknown[] =>
  bench.sender.calls.slice(2).map(({ request }) => request.body);

const live = (bench: DriverBench, prefix: string): unknown[] => {
  const keys = new Map(bench.stateLog.entries.map(({ key, value }) => [key, value]));
  return [...keys].flatMap(([key, value]) =>
    key.startsWith(prefix) && value !== null ? [value] : [],
  );
};

const journalOf = (bench: DriverBench): JournalEntry[] =>
  bench.journalSink.records.flatMap(({ value }) => readPage(value).entries);

/** What a reading comes to whose brokers are away. */
const unreadable = (): Promise<void> =>
  Promise.reject(new MillraceError("BROKER_UNREACHABLE", "no broker answers"));

/** The next owner of the partition, on the same topics. */
async function successor(bench: DriverBench, committed = 4): Promise<DriverBench> {
  const next = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(bench.stateLog.entries));
  next.sink.stored.push(...bench.sink.stored);
  await next.assign(2, [{ committed }]);
  return next;
}

describe("a release of a key in quarantine", () => {
  it("leaves the dead letter, delivers what is parked, and then the key like any other", async () => {
    const bench = await quarantined();

    bench.driver.discard(discardOf(1));
    await bench.clock.advance(1_000);
    for (const body of ["2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);
    await bench.fetch(["a:4"]);

    expect(bodies(bench)).toEqual(["2", "3", "4"]);
    expect(bench.discarded).toEqual([{ request: discardOf(1), end: "dropped" }]);
    expect([...live(bench, "marker/"), ...live(bench, "progress/")]).toEqual([]);
  });

  it("has the journal tell that the dead letter was dropped", async () => {
    const bench = await quarantined();
    bench.driver.discard(discardOf(1));
    await bench.clock.advance(1_000);

    expect(journalOf(bench).filter(({ outcome }) => outcome === "skipped")).toMatchObject([
      { offset: 0, id: "id-0", outcome: "skipped", reason: "DROPPED", attemptCount: 0 },
    ]);
  });

  it("is told to have dropped the dead letter also when a parked event is given up behind it", async () => {
    const bench = await quarantined();
    bench.driver.discard(discardOf(1));
    await bench.clock.advance(1_000);
    await bench.end("2", 422);
    await bench.clock.advance(1_000);

    expect(bench.discarded).toMatchObject([{ end: "dropped" }]);
    const [owned] = bench.driver.state.partitions.values();
    expect(owned?.aside.get("a")?.marker.offset).toBe(2);
    bench.driver.redrive({ ...WISH, offset: asOffset(2) });
    await bench.clock.advance(1_000);
    expect(bench.openBodies).toEqual(["2"]);
  });
});

describe("a drop of a key in quarantine", () => {
  it("sends none of what was parked then, and all that came after", async () => {
    const bench = await quarantined();
    await bench.fetch(["a:4"]);
    await bench.clock.advance(1_000);

    bench.driver.discard(discardOf(4));
    await bench.clock.advance(1_000);
    await bench.end("4");
    await bench.clock.advance(1_000);

    expect(bodies(bench)).toEqual(["4"]);
    const dropped = journalOf(bench).filter(({ reason }) => reason === "DROPPED");
    expect(dropped.map(({ offset }) => Number(offset))).toEqual([0, 2, 3]);
  });

  it("is gone on with by the next owner, who sends nothing of it", async () => {
    const bench = await quarantined();
    // The owner dies behind what it noted first.
    bench.parkedLog.onRead = unreadable;
    bench.driver.discard(discardOf(3));
    await bench.clock.advance(1_000);
    expect(live(bench, "progress/")).toMatchObject([{ next: 0, dropBelow: 3 }]);

    const next = await successor(bench);
    next.driver.redrive(WISH);
    await next.clock.advance(1_000);

    expect(next.openBodies).toEqual(["3"]);
    await next.end("3");
    await next.clock.advance(1_000);
    expect(next.redriven).toMatchObject([{ end: "dropped" }]);
  });

  it("is found again by the owner after next, though the first one wrote more of a redrive", async () => {
    const bench = await quarantined();
    bench.driver.redrive(WISH);
    await bench.clock.advance(1_000);
    const second = await successor(bench);
    second.parkedLog.onRead = unreadable;
    second.driver.discard(discardOf(4));
    await second.clock.advance(1_000);

    const third = new DriverBench(
      {},
      { processId: "p3" },
      new MemoryStateLog(second.stateLog.entries),
    );
    third.sink.stored.push(...second.sink.stored);
    await third.assign(3, [{ committed: 4 }]);
    third.driver.redrive(WISH);
    await third.clock.advance(1_000);

    expect(third.sender.calls).toEqual([]);
    expect(third.redriven).toMatchObject([{ end: "dropped" }]);
  });

  it("waits until the log says what is dropped", async () => {
    const bench = await quarantined();
    bench.stateLog.onWritten = () =>
      Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker answers"));
    bench.driver.discard(discardOf(3));
    await bench.clock.advance(2_000);
    expect(bodies(bench)).toEqual([]);
    bench.stateLog.onWritten = () => Promise.resolve();
    await bench.clock.advance(5_000);

    expect(bench.openBodies).toEqual(["3"]);
  });
});

describe("a redrive and a discard of one dead letter", () => {
  it("end together, as the one that came first has it: the redrive", async () => {
    const bench = await quarantined();
    bench.driver.redrive(WISH);
    bench.driver.discard(discardOf(4));
    await bench.clock.advance(1_000);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    expect(bodies(bench)).toEqual(["1", "2", "3"]);
    expect(bench.redriven).toMatchObject([{ end: "delivered" }]);
    expect(bench.discarded).toMatchObject([{ end: "delivered" }]);
  });

  it("end together, as the one that came first has it: the discard", async () => {
    const bench = await quarantined();
    bench.driver.discard(discardOf(4));
    bench.driver.redrive(WISH);
    await bench.clock.advance(2_000);

    expect(bodies(bench)).toEqual([]);
    expect(bench.redriven).toMatchObject([{ end: "dropped" }]);
    expect(bench.discarded).toMatchObject([{ end: "dropped" }]);
  });

  it("end together when the dead letter is given up again", async () => {
    const bench = await quarantined();
    bench.driver.redrive(WISH);
    bench.driver.discard(discardOf(4));
    await bench.clock.advance(1_000);
    await bench.end("1", 422);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([{ end: "given-up" }]);
    expect(bench.discarded).toMatchObject([{ end: "given-up" }]);
  });

  it("are over for the next owner who finds no marker, and none of them says that it was delivered", async () => {
    const bench = await quarantined();
    bench.driver.discard(discardOf(4));
    await bench.clock.advance(2_000);

    const next = await successor(bench);
    next.driver.redrive(WISH);
    next.driver.discard(discardOf(4));
    await next.clock.advance(1_000);

    expect(next.redriven).toMatchObject([{ end: "delivered" }]);
    expect(next.discarded).toMatchObject([{ end: "elsewhere" }]);

    const last = new DriverBench(
      {},
      { processId: "p3" },
      new MemoryStateLog(bench.stateLog.entries),
    );
    last.driver.redrive(WISH);
    last.driver.discard(discardOf(4));
    await last.assign(3, [{ committed: 4 }]);

    expect(last.redriven).toMatchObject([{ end: "dropped" }]);
    expect(last.discarded).toMatchObject([{ end: "elsewhere" }]);
  });
});

describe("a wish for a discard", () => {
  it("is not begun by a later owner once nobody wants it any more", async () => {
    const bench = await quarantined();
    const next = new DriverBench(
      {},
      { processId: "p2" },
      new MemoryStateLog(bench.stateLog.entries),
    );
    next.driver.redrive(WISH);
    next.driver.discard(discardOf(4));
    next.driver.forget({ kind: "discard", request: discardOf(4) });
    next.sink.stored.push(...bench.sink.stored);
    await next.assign(2, [{ committed: 4 }]);
    await next.clock.advance(1_000);

    expect(next.openBodies).toEqual(["1"]);
    expect(next.discarded).toEqual([]);
  });

  it("begins anew after a rebalance, since it is a wish", async () => {
    const bench = await quarantined();
    bench.parkedLog.onRead = unreadable;
    bench.driver.discard(discardOf(1));
    await bench.assign(2, [{ committed: 4 }]);
    bench.parkedLog.onRead = () => Promise.resolve();
    await bench.clock.advance(2_000);

    expect(bench.openBodies).toEqual(["2"]);
  });
});
