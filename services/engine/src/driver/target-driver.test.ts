import { describe, expect, it } from "vitest";

import { DriverBench, place, settled, setupDriver } from "../../testing/driver-bench.ts";
import { DEFAULTS } from "../core/config.ts";
import { asOffset } from "../core/lanes/identity.ts";
import { MillraceError } from "../errors.ts";
import type { PartitionHalt } from "../ports.ts";

const fenced = (): Promise<void> =>
  Promise.reject(new MillraceError("COMMIT_FENCED", "generation is over"));

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await settled();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe("delivery", () => {
  it("calls the target with key and position, then commits", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    expect(bench.openBodies).toEqual(["1"]);

    await bench.end("1");
    await bench.clock.advance(25);

    expect(bench.sender.calls[0]?.request.headers).toEqual({
      "idempotency-key": "key-0",
      "millrace-position": "users/0/0",
    });
    expect(bench.openBodies).toEqual(["2"]);
    expect(bench.committed()).toBe(1);
  });

  it("takes what ends in one turn as one input", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "b:1", "a:2", "b:2"]);
    const { taskCount } = bench.clock;

    for (const call of bench.sender.open) call.end({ kind: "delivered", status: 204 });
    expect(bench.clock.taskCount).toBe(taskCount + 1);
    expect(bench.driver.state.inFlightCount).toBe(2);
    await bench.clock.advance(0);

    expect(bench.openBodies).toEqual(["2", "2"]);
  });

  it("begins nothing for what ended just before the target was paused", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    bench.sender.calls[0]?.end({ kind: "delivered", status: 204 });
    await settled();

    bench.driver.pause("operator", "a look at it");
    expect(bench.openBodies).toEqual([]);
    await bench.clock.advance(25);

    expect(bench.openBodies).toEqual([]);
    expect(bench.committed()).toBe(1);
  });

  it("begins nothing behind an answer that asks for time, whatever comes in the same turn", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    bench.sender.calls[0]?.end({ kind: "throttled", status: 429, retryAfterMs: 60_000 });
    await settled();

    bench.fetchAt(1, ["b:1"]);
    await bench.clock.advance(25);

    expect(bench.openBodies).toEqual([]);
  });

  it("knows what has ended when records come in the same turn, so that first come is first served", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    bench.sender.calls[0]?.end({ kind: "delivered", status: 204 });
    await settled();

    bench.fetchAt(2, ["b:1"]);

    expect(bench.openBodies).toEqual(["2", "1"]);
  });

  it("counts what ended just before its epoch did", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    bench.sender.calls[0]?.end({ kind: "delivered", status: 204 });
    await settled();

    await bench.assign(2, [{ partition: 1 }]);

    const labels = { target: "crm", outcome: "delivered" };
    expect(bench.telemetry.measured).toContainEqual({
      ...{ name: "millrace.delivery.events", value: 1, labels },
    });
  });

  it("writes a dead letter before the commit passes it", async () => {
    const bench = await setupDriver();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    bench.sink.onAppend = () => promise;
    await bench.fetch(["a:1"]);
    await bench.end("1", 422);
    await bench.clock.advance(1_000);
    expect(bench.committed()).toBeUndefined();

    resolve(undefined);
    await bench.clock.advance(25);

    expect(bench.committed()).toBe(1);
  });

  it("writes a dead letter again until the broker takes it", async () => {
    const bench = await setupDriver();
    let failures = 3;
    bench.sink.onAppend = () =>
      failures-- > 0
        ? Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker"))
        : Promise.resolve();
    await bench.fetch(["a:1"]);
    await bench.end("1", 422);

    await bench.clock.advance(2_000);

    expect(bench.sink.records).toHaveLength(1);
    expect(bench.committed()).toBe(1);
  });

  it("goes on with a broken invariant nowhere: it says so once and sends nothing more", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "b:1"]);
    const [call] = bench.sender.calls;
    await bench.end("1");
    if (call !== undefined) call.hasEnded = false;

    call?.end({ kind: "delivered", status: 200 });
    await bench.fetch(["c:1"]);

    expect(bench.failures.map((error) => error.message)).toEqual([expect.stringContaining("I2")]);
    expect(bench.openBodies).toEqual([]);
  });
});

describe("a rebalance", () => {
  it("waits for what is open and its commit, and starts nothing", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);

    const drained = bench.driver.draining("rebalance", 45_000);
    expect(await isSettled(drained)).toBe(false);
    await bench.end("1");

    expect(await isSettled(drained)).toBe(true);
    expect(bench.committed()).toBe(1);
    expect(bench.openBodies).toEqual([]);
  });

  it("goes on with what it keeps, without a call anew", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    const drained = bench.driver.draining("rebalance", 45_000);
    await bench.end("1");
    await drained;

    await bench.assign(2, [{ committed: 1, isContinued: true }]);

    expect(bench.openBodies).toEqual(["2"]);
    expect(bench.sender.calls).toHaveLength(2);
  });

  it("gives up what is open when the budget is over", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    const drained = bench.driver.draining("rebalance", 1_000);

    await bench.clock.advance(1_000);

    expect(bench.sender.calls[0]?.isAbandoned).toBe(true);
    expect(await isSettled(drained)).toBe(true);
  });

  it("ends a drain in its budget although nothing answers", async () => {
    const bench = await setupDriver();
    bench.sender.endsAbandoned = false;
    await bench.fetch(["a:1"]);
    const drained = bench.driver.draining("rebalance", 1_000);

    await bench.clock.advance(1_500);

    expect(await isSettled(drained)).toBe(true);
  });

  it("does not spend the budget on a commit that is fenced", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    bench.source.onCommit = fenced;
    const drained = bench.driver.draining("rebalance", 45_000);

    await bench.end("1");

    expect(await isSettled(drained)).toBe(true);
  });

  it("has a shutdown wait for a drain that is under way", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    const first = bench.driver.draining("rebalance", 45_000);
    const second = bench.driver.draining("shutdown", 1_000);
    expect(await isSettled(second)).toBe(false);

    await bench.clock.advance(1_000);

    expect(await isSettled(first)).toBe(true);
    expect(await isSettled(second)).toBe(true);
  });

  it("asks the sender to leave nothing of a lost membership for later", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "b:2"]);

    bench.driver.lost("no heartbeat");
    await bench.clock.advance(60_000);

    expect(bench.sender.calls.map(({ isAbandoned }) => isAbandoned)).toEqual([true, true]);
    expect(bench.sender.calls).toHaveLength(2);
    expect(bench.source.commits).toEqual([]);
  });

  it("sends nothing after it slept through its session, whatever wakes it first", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);

    bench.source.isMember = false;
    await bench.end("1");

    expect(bench.sender.calls).toHaveLength(1);
    expect(bench.source.commits).toEqual([]);
    expect(bench.driver.state.membership).toBe("none");
  });

  it("takes over anew what an unfinished takeover left unknown", async () => {
    const bench = await setupDriver();
    await bench.driver.draining("rebalance", 1_000);
    bench.source.onCommit = fenced;
    await bench.assign(2, [{ isContinued: true }, { partition: 1, committed: null }]);
    bench.fetchAt(0, ["lost:x"], 1);
    bench.source.onCommit = () => Promise.resolve();

    await bench.assign(3, [
      { isContinued: true },
      { partition: 1, committed: null, isContinued: true },
    ]);
    await bench.fetch(["a:1"], 1);

    expect(bench.source.seeks.get("users/1")).toBe(0);
    expect(bench.openBodies).toEqual(["1"]);
  });

  it("ends the epoch of what was elsewhere meanwhile, although its takeover never ended", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    const drained = bench.driver.draining("rebalance", 1_000);
    await bench.end("1");
    await drained;
    bench.source.onCommit = fenced;
    await bench.assign(2, [{ partition: 1, committed: null }]);
    bench.source.onCommit = () => Promise.resolve();

    await bench.assign(3, [{ committed: 5, isContinued: true }, { partition: 1 }]);

    expect(bench.openBodies).toEqual([]);
    expect(bench.source.seeks.get("users/0")).toBe(5);
  });

  it("lets a takeover that a loss overtook change nothing", async () => {
    const bench = new DriverBench();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    bench.stateLog.onAppend = () => promise;
    const assigned = bench.assign(1);

    bench.driver.lost("no heartbeat");
    resolve(undefined);
    await assigned;

    expect(bench.driver.state.partitions.size).toBe(0);
    expect(bench.source.seeks.size).toBe(0);
  });
});

describe("a halted partition", () => {
  const halt: PartitionHalt = {
    ...place(0),
    reason: "log-start-beyond-offset",
    nextOffset: asOffset(3),
    logStartOffset: asOffset(9),
    logEndOffset: asOffset(20),
  };

  it("stays halted in a generation that continues it", async () => {
    const bench = await setupDriver();
    bench.driver.halted(halt);
    await bench.driver.draining("rebalance", 1_000);

    await bench.assign(2, [{ isContinued: true }]);
    await bench.fetch(["a:1"]);

    expect(bench.driver.halts).toEqual([halt]);
    expect(bench.source.paused).toContain("users/0");
    expect(bench.openBodies).toEqual([]);
  });

  it("is forgotten when it is someone else's", async () => {
    const bench = await setupDriver();
    bench.driver.halted(halt);

    await bench.assign(2, [{ partition: 1 }]);

    expect(bench.driver.halts).toEqual([]);
  });

  it("is one whose records are gone at takeover; the others go on", async () => {
    const bench = new DriverBench();

    await bench.assign(1, [{ committed: 3, logStart: 9 }, { partition: 1 }]);

    expect(bench.driver.halts).toMatchObject([{ reason: "log-start-beyond-offset", partition: 0 }]);
    expect([...bench.driver.state.partitions.keys()]).toEqual(["users/1"]);
    expect(bench.telemetry.lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        fields: expect.objectContaining({ recordsGone: 6 }) as unknown,
      }),
    );
  });
});

describe("stopping", () => {
  it("drains within the smaller budget and leaves no timer behind", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    bench.source.onStop = () => bench.driver.draining("shutdown", 45_000);

    const stopped = bench.driver.stop(2_000);
    await bench.clock.advance(2_000);
    await stopped;

    expect(bench.sender.open).toEqual([]);
    expect(bench.clock.taskCount).toBe(0);
  });

  it("is hurried by a second call", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1"]);
    bench.source.onStop = () => bench.driver.draining("shutdown", 45_000);
    const stopped = bench.driver.stop();
    await bench.clock.advance(5_000);

    void bench.driver.stop(0);
    await bench.clock.advance(1);

    expect(await isSettled(stopped)).toBe(true);
  });

  it("waits for no retry and no first attempt that has not begun", async () => {
    const bench = await setupDriver({ concurrencyMax: 1 });
    await bench.fetch(["a:1", "b:2"]);
    bench.sender.calls[0]?.end({
      kind: "retry",
      reason: "HTTP_STATUS",
      status: 503,
      ambiguous: true,
      retryAfterMs: 60_000,
    });
    await bench.clock.advance(0);
    bench.source.onStop = () => bench.driver.draining("shutdown", 45_000);
    const stopped = bench.driver.stop();
    await bench.end("2");

    expect(await isSettled(stopped)).toBe(true);
  });

  it("ends writes, commits and schema loads that cannot succeed", async () => {
    const bench = await setupDriver();
    const away = (): Promise<void> =>
      Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker"));
    bench.sink.onAppend = away;
    bench.source.onCommit = away;
    bench.preparer.isRegistryUp = false;
    await bench.fetch(["a:1", "b:2", "schema:9"]);
    await bench.end("1", 422);
    await bench.end("2");

    await bench.driver.stop(0);
    await bench.clock.advance(2_000);

    expect(bench.clock.taskCount).toBe(0);
  });

  it("takes nothing over any more", async () => {
    const bench = new DriverBench();
    await bench.driver.stop();

    await bench.assign(1);

    expect(bench.stateLog.entries).toEqual([]);
  });

  it("tells of a source that failed for good, once, and sends nothing more", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2"]);
    const failure = new MillraceError("TOPIC_MISSING", "topic is gone: users");

    bench.driver.failed(failure);
    bench.driver.failed(failure);
    await settled();

    expect(bench.failures).toEqual([failure]);
    expect(bench.sender.open).toEqual([]);
  });
});

describe("intake", () => {
  it("holds a partition while the registry is away, and gives nothing up", async () => {
    const bench = await setupDriver();
    bench.preparer.isRegistryUp = false;
    await bench.fetch(["schema:4", "b:2"]);
    await bench.fetch(["c:3"], 0);
    await bench.clock.advance(60_000);
    expect(bench.sender.calls).toEqual([]);

    bench.preparer.isRegistryUp = true;
    await bench.clock.advance(600);

    expect(bench.openBodies).toEqual(["schema:4", "2", "3"]);
    expect(bench.sink.records).toEqual([]);
  });

  it("prepares nothing again that the engine has", async () => {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "b:2"]);

    bench.fetchAt(0, ["a:1", "b:2", "c:3"]);
    await settled();

    expect(bench.preparer.prepared).toEqual([0, 1, 2]);
  });

  it("has the source wait by number and by bytes, and go on", async () => {
    const bench = await setupDriver({
      concurrencyMax: 1,
      bounds: { ...DEFAULTS.bounds, unsettledMax: 1 },
    });
    const large = `a:${"x".repeat(300_000)}`;
    await bench.fetch([large, large, large, large, large]);
    expect(bench.source.paused).toContain("users/0");

    for (let count = 0; count < 4; count += 1) {
      bench.sender.open[0]?.end({ kind: "delivered", status: 204 });
      await bench.clock.advance(0);
    }

    expect(bench.source.paused).not.toContain("users/0");
  });

  it("gives all partitions their turn when there is room for few of their records", async () => {
    const bench = new DriverBench();
    const ids = Array.from({ length: 24 }, (_, id) => id);
    await bench.assign(
      1,
      ids.map((partition) => ({ partition })),
      24,
    );
    for (const id of ids) {
      bench.fetchAt(
        0,
        Array.from({ length: 400 }, (_, index) => `${index}:${id}`),
        id,
      );
    }
    const served = new Map<string, number>();
    for (let round = 0; round < 80; round += 1) {
      for (const call of bench.sender.open) {
        const id = String(call.request.body);
        served.set(id, (served.get(id) ?? 0) + 1);
        call.end({ kind: "delivered", status: 204 });
      }
      await bench.clock.advance(0);
    }

    expect(served.size).toBe(24);
    expect(Math.max(...served.values()) - Math.min(...served.values())).toBeLessThanOrEqual(64);
  });

  it.each([
    ["many", 60],
    ["few", 20],
  ])("prepares a chunk in a turn, however many partitions have %s records", async (_, each) => {
    const bench = new DriverBench({ concurrencyMax: 400 });
    const ids = Array.from({ length: 12 }, (_, id) => id);
    await bench.assign(
      1,
      ids.map((partition) => ({ partition })),
      ids.length,
    );
    const turns: number[] = [];
    let count = 0;
    const prepare = bench.preparer.prepare.bind(bench.preparer);
    bench.preparer.prepare = (record) => {
      if (count === 0) {
        setImmediate(() => {
          turns.push(count);
          count = 0;
        });
      }
      count += 1;
      return prepare(record);
    };

    for (const id of ids) {
      bench.fetchAt(
        0,
        Array.from({ length: each }, (_none, index) => `${id}-${index}:${index}`),
        id,
      );
    }
    await bench.clock.advance(0);

    expect(bench.preparer.prepared).toHaveLength(12 * each);
    expect(Math.max(...turns)).toBeLessThan(64);
  });

  it("takes in no more than the bound of bytes and one chunk", async () => {
    const bounds = { ...DEFAULTS.bounds, unsettledBytesMax: 1_000_000 };
    const bench = await setupDriver({ concurrencyMax: 1, bounds });

    await bench.fetch(Array.from({ length: 200 }, () => `a:${"x".repeat(100_000)}`));

    const [partition] = bench.driver.state.partitions.values();
    expect(partition?.unsettledBytes).toBeLessThan(1_700_000);
  });
});
