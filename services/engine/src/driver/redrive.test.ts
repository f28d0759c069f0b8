import { describe, expect, it } from "vitest";

import { DriverBench, place, setupDriver } from "../../testing/driver-bench.ts";
import { MemoryStateLog } from "../../testing/memory-ports.ts";
import { DEFAULTS, type EngineConfig } from "../core/config.ts";
import { asOffset, asRecordKey } from "../core/lanes/identity.ts";
import { MillraceError } from "../errors.ts";
import type { SinkRecord } from "../ports.ts";

const KEY = asRecordKey("a");

/** A driver whose key `a` is in quarantine for `a:1`; `a:2` and `a:3` are parked. */
async function quarantined(engine: Partial<EngineConfig> = {}): Promise<DriverBench> {
  const bench = new DriverBench(engine);
  await bench.assign(1, [{ logEnd: 0 }]);
  await bench.fetch(["a:1", "b:1", "a:2", "a:3"]);
  await bench.end("1", 422);
  await bench.end("1");
  await bench.clock.advance(25);
  return bench;
}

async function redrive(bench: DriverBench): Promise<void> {
  const [aside] = [...bench.driver.state.partitions.values()].flatMap((one) => [
    ...one.aside.values(),
  ]);
  if (aside === undefined) throw new Error("nothing is set aside");
  const { offset, redriveCount } = aside.marker;
  bench.driver.redrive({ ...place(0), key: KEY, offset, redriveCount });
  await bench.clock.advance(0);
}

const bodies = (bench: DriverBench): unknown[] =>
  bench.sender.calls.slice(2).map(({ request }) => request.body);

function live(bench: DriverBench, prefix: string): string[] {
  const keys = new Map(bench.stateLog.entries.map(({ key, value }) => [key, value]));
  return [...keys].flatMap(([key, value]) =>
    key.startsWith(prefix) && value !== null ? [key] : [],
  );
}

const headerOf = (record: SinkRecord | undefined, name: string): string => {
  const value = record?.headers[name];
  return value instanceof Uint8Array ? Buffer.from(value).toString() : "";
};

/** A claim by another process reaches the log. */
function claimBy(bench: DriverBench, generation: number): void {
  const value = { v: 1, process: "other", member: "m9", generation, at: "" };
  bench.stateLog.entries.push({ key: "claim/crm/users/0/other-1", value });
}

/** The next owner of the partition, on the same topics. */
async function successor(bench: DriverBench, committed = 0): Promise<DriverBench> {
  const next = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(bench.stateLog.entries));
  next.sink.stored.push(...bench.sink.stored);
  await next.assign(2, [{ committed }]);
  return next;
}

/** The next owner, which was asked for the redrive of `a:1` before it owned anything. */
async function successorAsked(bench: DriverBench): Promise<DriverBench> {
  const next = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(bench.stateLog.entries));
  next.driver.redrive({ ...place(0), key: KEY, offset: asOffset(0), redriveCount: 0 });
  await next.assign(2, [{ committed: 4 }]);
  return next;
}

describe("a redrive", () => {
  it("delivers the dead letter, what is parked, and then the key like any other", async () => {
    const bench = await quarantined();

    await redrive(bench);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.fetch(["a:4"]);

    expect(bodies(bench)).toEqual(["1", "2", "3", "4"]);
  });

  it("sends what was mapped from the original record, under its own position", async () => {
    const bench = await quarantined();

    await redrive(bench);

    expect(bench.sender.calls.at(-1)?.request).toMatchObject({
      body: "1",
      headers: { "idempotency-key": "key-0-1", "millrace-position": "users/0/0" },
    });
    await bench.end("1");
    expect(bench.sender.calls.at(-1)?.request.headers["idempotency-key"]).toBe("key-2");
  });

  it("is told to have delivered its dead letter when the key is released", async () => {
    const bench = await quarantined();
    await redrive(bench);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toEqual([
      { request: { ...place(0), key: KEY, offset: 0, redriveCount: 0 }, end: "delivered" },
    ]);
  });

  it("is told to be over when its event is given up again", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1", 422);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([{ request: { offset: 0 }, end: "given-up" }]);
  });

  it("is told to have delivered its dead letter also when a parked event is given up behind it", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1");
    await bench.end("2", 422);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([{ request: { offset: 0 }, end: "delivered" }]);
  });

  it("is told to be over by the next owner, where the last one ended before it could", async () => {
    const bench = await quarantined();
    await redrive(bench);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    const next = await successorAsked(bench);

    expect(next.redriven).toMatchObject([{ request: { offset: 0 }, end: "delivered" }]);
  });

  it("is told to be given up again by the next owner, where the last one ended before it could", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1", 422);
    await bench.clock.advance(1_000);

    const next = await successorAsked(bench);

    expect(next.redriven).toMatchObject([{ request: { offset: 0 }, end: "given-up" }]);
  });

  it("is told to be over at once where the key has been released since it was looked at", async () => {
    const bench = await quarantined();
    await redrive(bench);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    bench.driver.redrive({ ...place(0), key: KEY, offset: asOffset(0), redriveCount: 0 });
    await bench.clock.advance(0);

    expect(bench.redriven.map(({ end }) => end)).toEqual(["delivered", "delivered"]);
  });

  it("waits for a marker that is still being written, which someone may have seen already", async () => {
    const bench = new DriverBench();
    await bench.assign(1, [{ logEnd: 0 }]);
    const written = Promise.withResolvers<undefined>();
    bench.stateLog.onWritten = () => written.promise;
    await bench.fetch(["a:1"]);
    await bench.end("1", 422);
    await bench.clock.advance(25);

    bench.driver.redrive({ ...place(0), key: KEY, offset: asOffset(0), redriveCount: 0 });
    await bench.clock.advance(1_000);
    expect(bench.redriven).toEqual([]);
    written.resolve(undefined);
    await bench.clock.advance(1_000);
    await bench.end("1");
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([{ request: { offset: 0 }, end: "delivered" }]);
  });

  it("waits for the marker of a second dead letter of its event that is still being written", async () => {
    const bench = await quarantined();
    await redrive(bench);
    const written = Promise.withResolvers<undefined>();
    bench.stateLog.onWritten = () => written.promise;
    await bench.end("1", 422);
    await bench.clock.advance(25);

    bench.driver.redrive({ ...place(0), key: KEY, offset: asOffset(0), redriveCount: 1 });
    await bench.clock.advance(0);
    expect(bench.redriven).toEqual([]);
    written.resolve(undefined);
    await bench.clock.advance(1_000);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([
      { request: { offset: 0, redriveCount: 0 }, end: "given-up" },
      { request: { offset: 0, redriveCount: 1 }, end: "delivered" },
    ]);
  });

  it("waits for the marker of a later event of its key that is still being written", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1");
    const written = Promise.withResolvers<undefined>();
    bench.stateLog.onWritten = () => written.promise;
    await bench.end("2", 422);
    await bench.clock.advance(25);

    bench.driver.redrive({ ...place(0), key: KEY, offset: asOffset(2), redriveCount: 0 });
    await bench.clock.advance(0);
    expect(bench.redriven).toEqual([]);
    written.resolve(undefined);
    await bench.clock.advance(1_000);
    for (const body of ["2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([
      { request: { offset: 0 }, end: "delivered" },
      { request: { offset: 2 }, end: "delivered" },
    ]);
  });

  const GONE = { ...place(0), key: asRecordKey("b"), offset: asOffset(1), redriveCount: 0 };

  it("is not judged by a process that may have lost the partition, but by the next owner", async () => {
    const bench = await quarantined();
    bench.source.isMember = false;
    bench.driver.redrive(GONE);
    await bench.clock.advance(1_000);
    expect(bench.redriven).toEqual([]);

    bench.source.isMember = true;
    await bench.assign(2, [{ committed: 4 }]);

    expect(bench.redriven).toMatchObject([{ request: { key: "b" }, end: "delivered" }]);
  });

  it("is not judged in a drain, behind which someone else may own the partition", async () => {
    const bench = await quarantined();
    void bench.driver.draining("rebalance", 1_000);
    bench.driver.redrive(GONE);
    await bench.clock.advance(1_000);

    expect(bench.redriven).toEqual([]);
  });

  it("stands while its event is not settled, and is fulfilled when that is given up after all", async () => {
    const bench = new DriverBench();
    bench.driver.redrive({ ...place(0), key: KEY, offset: asOffset(0), redriveCount: 0 });
    await bench.assign(1, [{ logEnd: 0 }]);
    await bench.fetch(["a:1"]);
    await bench.end("1", 422);
    await bench.clock.advance(25);
    expect(bench.redriven).toEqual([]);

    await bench.assign(2, [{ isContinued: true }]);
    await bench.end("1");
    await bench.clock.advance(1_000);

    expect(bench.redriven).toMatchObject([{ request: { offset: 0 }, end: "delivered" }]);
  });

  it("is not begun by a later owner once nobody wants it any more", async () => {
    const bench = await quarantined();
    const next = new DriverBench(
      {},
      { processId: "p2" },
      new MemoryStateLog(bench.stateLog.entries),
    );
    const request = { ...place(0), key: KEY, offset: asOffset(0), redriveCount: 0 };
    next.driver.redrive(request);
    next.driver.forget({ kind: "redrive", request });
    await next.assign(2, [{ committed: 4 }]);
    await next.clock.advance(1_000);

    expect(next.sender.calls).toEqual([]);
    expect(next.redriven).toEqual([]);
  });

  it("leaves nothing of the key in the state topic", async () => {
    const bench = await quarantined();
    await redrive(bench);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(1_000);

    expect(live(bench, "marker/")).toEqual([]);
    expect(live(bench, "progress/")).toEqual([]);
  });

  it("keeps its marker when another owner came before the release", async () => {
    const bench = await quarantined();
    await redrive(bench);
    for (const body of ["1", "2"]) await bench.end(body);
    claimBy(bench, 2);
    await bench.end("3");
    await bench.fetch(["a:4"]);
    await bench.clock.advance(2_000);

    expect(bench.openBodies).toEqual([]);
    const next = await successor(bench, 4);
    const [owned] = next.driver.state.partitions.values();
    expect([...(owned?.aside.keys() ?? [])]).toEqual(["a"]);
  });

  it("of an event that is refused again writes a dead letter with its count, and stops", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1", 422);
    await bench.clock.advance(25);

    const dead = bench.sink.records.filter(({ topic }) => topic === "millrace.crm.dead");
    expect(dead.map((one) => headerOf(one, "millrace-redrive-count"))).toEqual(["0", "1"]);
    expect(bench.openBodies).toEqual([]);

    await redrive(bench);
    expect(bench.sender.calls.at(-1)?.request.headers["idempotency-key"]).toBe("key-0-2");
  });

  it("keeps the Idempotency-Key of an event that may have been applied", async () => {
    const retry = { ...DEFAULTS.retry, maxAttempts: { kind: "limited", count: 1 } as const };
    const bench = await setupDriver({ retry });
    await bench.fetch(["a:1"]);
    const [call] = bench.sender.open;
    call?.end({
      kind: "retry",
      reason: "TIMEOUT",
      status: null,
      ambiguous: true,
      retryAfterMs: null,
    });
    await bench.clock.advance(25);

    await redrive(bench);

    const keys = bench.sender.calls.map(({ request }) => request.headers["idempotency-key"]);
    expect(keys).toEqual(["key-0", "key-0"]);
    expect(headerOf(bench.sink.records[0], "millrace-ambiguous")).toBe("true");
  });

  it("goes on after a crash behind the last acknowledged progress", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1");
    await bench.clock.advance(25);

    const next = await successor(bench, 4);
    await redrive(next);

    expect(next.openBodies).toEqual(["2"]);
  });

  it("is not set back by progress that an ended epoch wrote late", async () => {
    const bench = await quarantined();
    await redrive(bench);
    await bench.end("1");
    await bench.clock.advance(25);
    const { entries } = bench.stateLog;
    claimBy(bench, 2);
    await bench.end("2");
    await bench.clock.advance(25);
    expect(entries.filter(({ key }) => key.startsWith("progress/")).length).toBeGreaterThan(1);

    const next = await successor(bench, 4);
    await redrive(next);

    expect(next.openBodies).toEqual(["2"]);
  });

  it("leaves one entry of its progress behind, however far it goes", async () => {
    const bench = await quarantined();
    await bench.fetch(["a:4", "a:5", "a:6"]);
    await bench.clock.advance(25);
    await redrive(bench);
    for (const body of ["1", "2", "3", "4", "5"]) {
      await bench.end(body);
      await bench.clock.advance(25);
    }

    expect(live(bench, "progress/").length).toBeLessThanOrEqual(2);
  });

  it("begins anew after a rebalance, since it is a wish", async () => {
    const bench = await quarantined();
    await redrive(bench);
    bench.driver.lost("no heartbeat");
    await bench.clock.advance(0);

    await bench.assign(2, [{ committed: 4 }]);
    await bench.clock.advance(0);

    expect(bench.openBodies).toEqual(["1"]);
  });

  it("reads again what could not be read", async () => {
    const bench = await quarantined();
    let failures = 2;
    bench.parkedLog.onRead = () =>
      failures-- > 0
        ? Promise.reject(new MillraceError("BROKER_UNREACHABLE", "no broker"))
        : Promise.resolve();

    await redrive(bench);
    await bench.clock.advance(2_000);

    expect(bench.openBodies).toEqual(["1"]);
  });

  it("fetches from the log what was too large for its own topics", async () => {
    const bench = await setupDriver();
    bench.sink.onAppend = ({ value }) =>
      value === null
        ? Promise.resolve()
        : Promise.reject(new MillraceError("PRODUCE_REFUSED", "too large"));
    await bench.fetch(["a:1", "a:2"]);
    await bench.end("1", 422);
    await bench.clock.advance(25);
    for (const [index, text] of ["1", "2"].entries()) {
      const value = Buffer.from(text);
      const source = { ...place(0), timestampMs: 0, key: Buffer.from("a"), value, headers: {} };
      bench.parkedLog.sources.push({ ...source, offset: asOffset(index) });
    }

    await redrive(bench);

    expect(bench.openBodies).toEqual(["1"]);
  });

  it.each(["millrace-topic", "millrace-partition", "millrace-offset"])(
    "fetches from the log what another record stands for in the dead letters: %s differs",
    async (name) => {
      const bench = await quarantined();
      const { stored } = bench.sink;
      const at = stored.findIndex(({ headers }) => headers["millrace-reason"] !== undefined);
      const dead = stored[at];
      if (dead === undefined) throw new Error("no dead letter");
      const headers = { ...dead.headers, [name]: Buffer.from("7") };
      stored[at] = { ...dead, value: Buffer.from("another"), headers };
      const value = Buffer.from("1");
      const source = { ...place(0), timestampMs: 0, key: Buffer.from("a"), value, headers: {} };
      bench.parkedLog.sources.push({ ...source, offset: asOffset(0) });

      await redrive(bench);

      expect(bench.openBodies).toEqual(["1"]);
    },
  );

  it("of a partition in order brings the whole partition back", async () => {
    const bench = await setupDriver({ order: "partition", onDeadLetter: "block" });
    await bench.fetch(["a:1", "b:2", "3"]);
    await bench.end("1", 422);
    await bench.clock.advance(25);

    await redrive(bench);
    await bench.clock.advance(25);
    for (const body of ["1", "2", "3"]) await bench.end(body);
    await bench.clock.advance(25);

    expect(bench.sender.calls.map(({ request }) => request.body)).toEqual(["1", "1", "2", "3"]);
    expect(bench.committed()).toBe(3);
  });
});

describe("an old claim that comes late", () => {
  it("has the partition claimed anew and the marker written again before anything settles", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    claimBy(bench, 0);
    await bench.end("1", 422);
    await bench.clock.advance(25);

    expect(bench.committed()).toBe(2);
    const next = await successor(bench, 2);
    const [owned] = next.driver.state.partitions.values();
    expect([...(owned?.aside.keys() ?? [])]).toEqual(["a"]);
    expect(live(bench, "claim/").length).toBeGreaterThan(0);
  });

  it("does not undo a release, nor what a detour has done", async () => {
    const bench = await quarantined();
    await redrive(bench);
    claimBy(bench, 0);
    await bench.end("1");
    await bench.clock.advance(25);
    const next = await successor(bench, 4);
    await redrive(next);
    expect(next.openBodies).toEqual(["2"]);
  });

  it("of a later generation leaves the marker to the new owner, and nothing settles here", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    claimBy(bench, 2);
    await bench.end("1", 422);
    await bench.clock.advance(2_000);

    expect(bench.committed()).toBeUndefined();
    expect(bench.stateLog.entries.filter(({ key }) => key.includes("/p1-2"))).toEqual([]);
  });

  it("found by two markers at once has the partition claimed anew once", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "b:2"]);
    claimBy(bench, 0);
    await Promise.all([bench.end("1", 422), bench.end("2", 422)]);
    await bench.clock.advance(2_000);

    expect(bench.committed()).toBe(2);
    expect(live(bench, "claim/crm/users/0/p1-")).toHaveLength(2);
  });

  it("is answered again where the acknowledgement of the new claim got lost", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    claimBy(bench, 0);
    let writeCount = 0;
    bench.stateLog.onWritten = () => {
      writeCount += 1;
      if (writeCount !== 2) return Promise.resolve();
      return Promise.reject(new MillraceError("BROKER_UNREACHABLE", "no acknowledgement"));
    };
    await bench.end("1", 422);
    await bench.clock.advance(5_000);

    expect(bench.committed()).toBe(1);
  });

  it("of an earlier generation than this one leaves a partition to its owner that is another's by now", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    claimBy(bench, 2);
    bench.stateLog.onWritten = () => {
      bench.stateLog.onWritten = () => Promise.resolve();
      return bench.assign(3, [{ partition: 1 }]);
    };
    await bench.end("1", 422);
    await bench.clock.advance(2_000);

    expect(live(bench, "claim/crm/users/0/p1-")).toEqual(["claim/crm/users/0/p1-1"]);
  });

  it("is not answered by a process whose membership is unproven", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    claimBy(bench, 0);
    bench.stateLog.onWritten = () => {
      bench.source.isMember = false;
      return Promise.resolve();
    };
    await bench.end("1", 422);
    await bench.clock.advance(2_000);

    expect(live(bench, "claim/")).toEqual(["claim/crm/users/0/p1-1", "claim/crm/users/0/other-1"]);
    expect(bench.committed()).toBeUndefined();
  });
});
