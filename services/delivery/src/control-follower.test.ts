import { ControlBoard, type ReplayJob } from "@millrace/control";
import {
  asJob,
  asOffset,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
  MillraceError,
  NO_TELEMETRY,
  type ControlListener,
  type ControlLog,
  type Pauser,
  type ReplayOrder,
  type StateEntry,
  type Telemetry,
  type ThrottleNotice,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { ControlFollower, type SteeredTarget } from "./control-follower.ts";

const crm = asTarget("crm");
const request = (offset: number) => ({
  ...{ topic: asTopic("users"), partition: asPartition(0), key: asRecordKey("a") },
  ...{ offset: asOffset(offset), redriveCount: 0 },
});
const dana = { by: "dana", reason: "maintenance", at: Date.UTC(2026, 0, 1) };

const discardOf = (offset: number) => ({ ...request(offset), below: asOffset(offset + 1) });
const RELEASE = { action: "quarantine-release", wish: dana } as const;

/** A control topic that its one reader hears of at once; writes fail while `failures` last. */
function setup() {
  const view = new Map<string, StateEntry>();
  const listeners = new Set<ControlListener>();
  const timers: (() => void)[] = [];
  const topic = { failures: 0, writes: 0 };
  const log: ControlLog = {
    append(entries) {
      topic.writes += 1;
      if (topic.failures > 0) {
        topic.failures -= 1;
        return Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker answers"));
      }
      for (const { key, value } of entries) {
        const entry = value === null ? null : { offset: asOffset(0), value };
        if (entry === null) view.delete(key);
        else view.set(key, entry);
        for (const listener of listeners) listener(key, entry);
      }
      return Promise.resolve(entries.map((_, index) => asOffset(index)));
    },
    readTo: () => Promise.resolve(),
    readToEnd: () => Promise.resolve(),
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get: (key) => view.get(key),
    list: (prefix) => [...view].filter(([key]) => key.startsWith(prefix)),
    close: () => Promise.resolve(),
  };
  const pauses = new Map<Pauser, string>();
  const redrives = new Set<number>();
  const discards = new Map<number, number>();
  const told: string[] = [];
  const orders: ReplayOrder[] = [];
  const throttles: ThrottleNotice[] = [];
  const target: SteeredTarget = {
    name: "crm",
    pause: (by, reason) => pauses.set(by, reason),
    resume: (by) => pauses.delete(by),
    isPaused: (by) => pauses.has(by),
    resetBreaker: () => told.push("breaker reset"),
    throttle: (notice) => throttles.push(notice),
    redrive: ({ offset }) => redrives.add(offset),
    discard: ({ offset, below }) => discards.set(offset, below),
    forget: ({ kind, request: { offset } }) =>
      (kind === "redrive" ? redrives : discards).delete(offset),
    replay(order) {
      told.push(`replay ${order.job} ${order.from} ${order.to}`);
      orders.push(order);
    },
    steerReplay: (job, wish) => told.push(`${wish} ${job}`),
    standDown: (why) => told.push(`out: ${why}`),
    standUp: () => told.push("in again"),
  };
  const board = new ControlBoard(log, () => "1");
  const wall = { now: 0 };
  const clock = {
    now: () => 0,
    wallNow: () => wall.now,
    schedule(_: number, task: () => void) {
      timers.push(task);
      return () => undefined;
    },
  };
  const warnings: string[] = [];
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    log: (level, message) => {
      if (level === "warn") warnings.push(message);
    },
  };
  const ports = { board, clock, telemetry, processId: "p1" };
  const follower = new ControlFollower([target], ports);
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const retry = async (): Promise<void> => {
    timers.shift()?.();
    await settled();
  };
  const steered = { pauses, redrives, discards, told, orders, throttles };
  return { topic, log, board, ...steered, target, follower, wall, warnings, settled, retry };
}

describe("the follower of the control topic", () => {
  it("pauses a target that was paused before the process began", async () => {
    const { board, pauses, follower } = setup();
    await board.pause({ target: crm, pauser: "operator", wish: dana });

    follower.start();

    expect([...pauses]).toEqual([["operator", "maintenance (dana)"]]);
  });

  it("resets the breaker when people want it, and not for what they wanted before the process began", async () => {
    const { board, told, follower } = setup();
    await board.resetBreaker(crm, dana);
    follower.start();
    expect(told).toEqual([]);

    await board.resetBreaker(crm, dana);
    await board.resetBreaker(asTarget("audit"), dana);

    expect(told).toEqual(["breaker reset"]);
  });

  it("keeps a target out of its group while a rewind stands, whenever that was wanted", async () => {
    const { board, told, follower } = setup();
    const move = { topic: asTopic("users"), partition: asPartition(0) };
    const moves = [{ ...move, committed: asOffset(9), to: asOffset(4) }];
    const order = { target: crm, moves, wish: dana };
    await board.beginRewind(order);

    follower.start();
    await board.endRewind(order, "cancel");
    await board.beginRewind(order);
    await board.beginRewind({ ...order, target: asTarget("audit") });

    const out = "out: stopped for a rewind by dana: maintenance";
    expect(told).toEqual([out, "in again", out]);
  });

  it("brings a target that runs again to what is wanted of it, and no other", async () => {
    const { board, pauses, redrives, discards, throttles, orders, told, follower } = setup();
    follower.start();
    await board.pause({ target: crm, pauser: "operator", wish: dana });
    await board.putThrottle(crm, { until: 20_000, wish: { ...dana, by: "p1", at: 0 } });
    await board.putThrottle(asTarget("audit"), { until: 20_000, wish: dana });
    await board.redrive(crm, [request(3)], dana);
    await board.discard(crm, [discardOf(7)], RELEASE);
    const place = { topic: asTopic("users"), partition: asPartition(0) };
    await board.putJob({
      ...{ id: asJob("j1"), target: crm, mode: "repair", keys: null, state: "pause", wish: dana },
      ranges: [{ ...place, from: 3, to: 9, plannedCount: 6, only: null }],
    });
    await board.redrive(asTarget("audit"), [request(4)], dana);
    pauses.clear();
    redrives.clear();
    discards.clear();
    for (const list of [throttles, orders, told]) list.splice(0);

    follower.bringUp("crm");

    expect([...pauses.keys()]).toEqual(["operator"]);
    expect([...redrives]).toEqual([3]);
    expect([...discards]).toEqual([[7, 8]]);
    expect(throttles).toEqual([{ by: "p1", at: 0, until: 20_000 }]);
    expect(told).toEqual(["pause j1", "replay j1 3 9"]);
  });

  it("pauses and resumes as people want it", async () => {
    const { board, pauses, follower } = setup();
    follower.start();

    await board.pause({ target: crm, pauser: "operator", wish: dana });
    expect([...pauses.keys()]).toEqual(["operator"]);

    await board.resume(crm, dana);
    expect([...pauses.keys()]).toEqual([]);
  });

  it("leaves targets of other processes alone", async () => {
    const { board, pauses, follower } = setup();
    follower.start();

    await board.pause({ target: asTarget("audit"), pauser: "operator", wish: dana });

    expect(pauses.size).toBe(0);
  });

  it("has redriven what was wanted before the process began, and since, until nobody wants it", async () => {
    const { board, redrives, follower } = setup();
    await board.redrive(crm, [request(1)], dana);
    follower.start();
    await board.redrive(crm, [request(2)], dana);
    expect([...redrives]).toEqual([1, 2]);

    await board.endRedrive(crm, request(1), null);
    expect([...redrives]).toEqual([2]);
  });

  it("writes that a redrive has ended, and that its dead letter is open no more, until it stands", async () => {
    const { board, topic, follower, settled, retry } = setup();
    follower.start();
    await board.redrive(crm, [request(1), request(2)], dana);
    topic.failures = 1;

    follower.redriven("crm", request(1), "delivered");
    await settled();
    await retry();
    follower.redriven("crm", request(2), "given-up");
    await settled();

    expect(board.redrives(crm)).toEqual([]);
    expect(board.resolution(crm, request(1))).toMatchObject({ kind: "redriven" });
    expect(board.resolution(crm, request(2))).toBeNull();
  });

  it("has discarded what was wanted before the process began, and since, until nobody wants it", async () => {
    const { board, discards, follower } = setup();
    await board.discard(crm, [discardOf(1)], RELEASE);
    follower.start();
    await board.discard(crm, [discardOf(2)], RELEASE);
    expect([...discards]).toEqual([
      [1, 2],
      [2, 3],
    ]);

    await board.endDiscard(crm, discardOf(1), null);
    expect([...discards.keys()]).toEqual([2]);
  });

  it("writes who dropped a dead letter, and why, until it stands", async () => {
    const { board, topic, follower, settled, retry } = setup();
    follower.start();
    await board.discard(crm, [discardOf(1)], RELEASE);
    topic.failures = 1;

    follower.discarded("crm", discardOf(1), "dropped");
    await settled();
    await retry();

    expect(board.discards(crm)).toEqual([]);
    expect(board.resolution(crm, request(1))).toEqual({ kind: "dropped", wish: dana });
  });

  it("says nothing of a dead letter that a redrive took, or that is one again", async () => {
    const { board, follower, settled } = setup();
    follower.start();
    await board.redrive(crm, [request(1), request(2)], dana);
    await board.discard(crm, [discardOf(1), discardOf(2)], RELEASE);

    follower.redriven("crm", request(1), "delivered");
    follower.discarded("crm", discardOf(1), "delivered");
    follower.redriven("crm", request(2), "given-up");
    follower.discarded("crm", discardOf(2), "given-up");
    await settled();

    expect([...board.redrives(crm), ...board.discards(crm)]).toEqual([]);
    expect(board.resolution(crm, request(1))?.kind).toBe("redriven");
    expect(board.resolution(crm, request(2))).toBeNull();
  });

  it("says that a dead letter was dropped for which both were wanted, where that is what became of it", async () => {
    const { board, follower, settled } = setup();
    follower.start();
    await board.redrive(crm, [request(1)], dana);
    await board.discard(crm, [discardOf(1)], RELEASE);

    follower.redriven("crm", request(1), "dropped");
    follower.discarded("crm", discardOf(1), "dropped");
    await settled();

    expect([...board.redrives(crm), ...board.discards(crm)]).toEqual([]);
    expect(board.resolution(crm, request(1))?.kind).toBe("dropped");
  });

  it("takes what was said of an earlier dead letter of the event for no word of this one", async () => {
    const { board, follower, settled } = setup();
    follower.start();
    await board.redrive(crm, [request(1)], dana);
    await board.endRedrive(crm, request(1), { kind: "redriven", wish: dana });
    const wish = { ...dana, at: dana.at + 7_200_000 };
    await board.discard(crm, [discardOf(1)], { ...RELEASE, wish });

    follower.discarded("crm", discardOf(1), "elsewhere");
    await settled();

    expect(board.resolution(crm, request(1))).toEqual({ kind: "dropped", wish });
  });

  it("takes an earlier owner's word for how a discard ended, and else says that it was dropped", async () => {
    const { board, follower, settled } = setup();
    follower.start();
    await board.redrive(crm, [request(1)], dana);
    await board.endRedrive(crm, request(1), { kind: "redriven", wish: dana });
    await board.discard(crm, [discardOf(1), discardOf(2)], RELEASE);

    follower.discarded("crm", discardOf(1), "elsewhere");
    follower.discarded("crm", discardOf(2), "elsewhere");
    await settled();

    expect(board.discards(crm)).toEqual([]);
    expect(board.resolution(crm, request(1))?.kind).toBe("redriven");
    expect(board.resolution(crm, request(2))?.kind).toBe("dropped");
  });

  it("has replayed what was wanted before the process began, and steers it as people want", async () => {
    const { board, told, follower } = setup();
    const place = { topic: asTopic("users"), partition: asPartition(0) };
    const job: ReplayJob = {
      ...{ id: asJob("r1"), target: crm, mode: "repair", keys: null, state: "pause", wish: dana },
      ranges: [{ ...place, from: 5, to: 9, plannedCount: 4, only: null }],
    };
    await board.putJob(job);
    follower.start();
    await board.putJob({ ...job, state: "run" });

    expect(told).toEqual(["pause r1", "replay r1 5 9", "run r1", "replay r1 5 9"]);
  });

  it("has replayed only the keys and offsets that a job means", async () => {
    const { board, orders, follower } = setup();
    const place = { topic: asTopic("users"), partition: asPartition(0) };
    await board.putJob({
      ...{ id: asJob("r1"), target: crm, mode: "repair", state: "run", wish: dana },
      keys: [asRecordKey("a")],
      ranges: [
        { ...place, from: 5, to: 9, plannedCount: 1, only: [{ from: 6, to: 8 }] },
        { ...place, partition: asPartition(1), from: 5, to: 9, plannedCount: 4, only: null },
      ],
    });
    follower.start();

    const meant = orders.map(({ partition, select }) =>
      [5, 6, 7, 8].flatMap((offset) => {
        const record = { ...place, partition, offset: asOffset(offset), timestampMs: 0 };
        const key = Buffer.from(offset === 7 ? "b" : "a");
        return select?.({ ...record, key, value: null, headers: {} }) === true ? [offset] : [];
      }),
    );
    expect(meant).toEqual([[6], [5, 6, 8]]);
  });

  it("publishes what a guard wants, and says it again until it stands", async () => {
    const { board, topic, target, follower, settled, retry } = setup();
    follower.start();
    topic.failures = 2;

    target.pause("guard", "DEAD_LETTER_FLOOD");
    follower.guardPaused("crm", "DEAD_LETTER_FLOOD");
    await settled();
    await retry();
    await retry();

    expect(topic.writes).toBe(3);
    const wish = { by: "p1", reason: "DEAD_LETTER_FLOOD", at: 0 };
    expect(board.pauses(crm)).toEqual([{ target: "crm", pauser: "guard", wish }]);
  });

  it("says no more of a guard's pause once the target is resumed", async () => {
    const { topic, target, follower, settled, retry } = setup();
    follower.start();
    topic.failures = 1;
    target.pause("guard", "DEAD_LETTER_FLOOD");
    follower.guardPaused("crm", "DEAD_LETTER_FLOOD");
    await settled();

    target.resume("guard");
    await retry();

    expect(topic.writes).toBe(1);
  });

  it("does not publish what another process told it", async () => {
    const { board, topic, follower, settled } = setup();
    follower.start();
    await board.pause({ target: crm, pauser: "guard", wish: { ...dana, by: "p2" } });

    follower.guardPaused("crm", "DEAD_LETTER_FLOOD");
    await settled();

    expect(topic.writes).toBe(1);
  });

  it("holds a target that others were asked to leave alone before the process began, and since", async () => {
    const { board, throttles, follower } = setup();
    const asked = (by: string, until: number) => ({
      ...{ until, wish: { by, reason: "HTTP_THROTTLED", at: 1_000 } },
    });
    await board.putThrottle(crm, asked("p2", 21_000));
    follower.start();
    await board.putThrottle(crm, asked("p3", 31_000));
    await board.putThrottle(asTarget("audit"), asked("p3", 31_000));

    expect(throttles).toEqual([
      { by: "p2", at: 1_000, until: 21_000 },
      { by: "p3", at: 1_000, until: 31_000 },
    ]);
  });

  it("says that it ignores a wait that it cannot read", async () => {
    const { log, throttles, warnings, follower } = setup();
    await log.append([{ key: "throttle/crm", value: { v: 2 } }]);
    follower.start();

    expect(throttles).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("cannot be read")]);
  });

  it("publishes what a target asked for, and says it again until it stands", async () => {
    const { board, topic, follower, settled, retry } = setup();
    follower.start();
    topic.failures = 1;

    follower.throttled("crm", { by: "p1", at: 0, until: 20_000 });
    await settled();
    await retry();

    expect(topic.writes).toBe(2);
    const wish = { by: "p1", reason: "HTTP_THROTTLED", at: 0 };
    expect(board.throttle(crm)).toEqual({ until: 20_000, wish });
  });

  it.each([
    ["is over", { isOver: true, writes: 1 }],
    ["was lengthened meanwhile", { isOver: false, writes: 2 }],
  ])("says no more of a wait that %s", async (_, { isOver, writes }) => {
    const { board, topic, wall, follower, settled, retry } = setup();
    follower.start();
    topic.failures = 1;
    follower.throttled("crm", { by: "p1", at: 0, until: 20_000 });
    await settled();

    if (isOver) wall.now = 20_000;
    else follower.throttled("crm", { by: "p1", at: 0, until: 30_000 });
    await retry();

    expect(topic.writes).toBe(writes);
    expect(board.throttle(crm)?.until).toBe(isOver ? undefined : 30_000);
  });
});
