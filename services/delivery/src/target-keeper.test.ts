import {
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  DEFAULTS,
  NO_TELEMETRY,
  type DriverOwner,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { TargetKeeper } from "./target-keeper.ts";
import type { TargetRunner } from "./target-runner.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A keeper whose runners take as long to end as a test wants. */
function setup() {
  const told: string[] = [];
  const owners: DriverOwner[] = [];
  const failures: Error[] = [];
  const drains: (() => void)[] = [];
  const world = { startError: null as Error | null, drainsAtOnce: true };
  const createRunner = (owner: DriverOwner): TargetRunner => {
    owners.push(owner);
    const number = owners.length;
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    return {
      driver: {
        state: createState(DEFAULTS, 0),
        ...{ halts: [], replays: [] },
        pause: (by, reason) => told.push(`${number}: paused by ${by}: ${reason}`),
        resume: (by) => told.push(`${number}: resumed by ${by}`),
        throttle: ({ by }) => told.push(`${number}: wait that ${by} was told`),
        resetBreaker: () => told.push(`${number}: breaker reset`),
        redrive: ({ offset }) => told.push(`${number}: redrive ${offset}`),
        discard: ({ offset }) => told.push(`${number}: discard ${offset}`),
        forget: ({ kind, request }) => told.push(`${number}: forget ${kind} ${request.offset}`),
        replay: ({ job }) => told.push(`${number}: replay ${job}`),
        steerReplay: (job, wish) => told.push(`${number}: ${wish} ${job}`),
      },
      start() {
        told.push(`${number}: joins`);
        return world.startError === null ? Promise.resolve() : Promise.reject(world.startError);
      },
      stop(budgetMs) {
        told.push(`${number}: leaves in ${budgetMs}`);
        drains.push(() => resolve(undefined));
        if (world.drainsAtOnce) resolve(undefined);
        return ended;
      },
    };
  };
  const owner: DriverOwner = {
    failed: (error) => failures.push(error),
    paused: (by) => told.push(`others hear of ${by}`),
    throttled: ({ by }) => told.push(`others hear that ${by} was told`),
    redriven: () => undefined,
    discarded: () => undefined,
  };
  const onCreated = (): void => void told.push("brought up");
  const keeper = new TargetKeeper("crm", {
    ...{ createRunner, owner, onCreated, telemetry: NO_TELEMETRY },
  });
  return { keeper, told, owners, failures, drains, world };
}

describe("the keeper of a target", () => {
  it("brings a runner up to what is wanted, then has it join", async () => {
    const { keeper, told } = setup();

    await keeper.start();

    expect(told).toEqual(["brought up", "1: joins"]);
    expect(keeper.keptOut).toBeNull();
  });

  it("joins no group while a rewind stands, and joins when it is over", async () => {
    const { keeper, told } = setup();
    keeper.standDown("stopped by dana");

    await keeper.start();
    expect({ told, out: keeper.keptOut, runner: keeper.runner }).toEqual({
      ...{ told: [], out: "stopped by dana", runner: null },
    });

    keeper.standUp();
    expect(told).toEqual(["brought up", "1: joins"]);
  });

  it("leaves with all the time that a drain has, and joins again as another runner", async () => {
    const { keeper, told } = setup();
    await keeper.start();

    keeper.standDown("stopped by dana");
    await settled();
    expect(keeper.runner).toBeNull();
    keeper.standUp();

    expect(told.slice(2)).toEqual(["1: leaves in Infinity", "brought up", "2: joins"]);
  });

  it("joins again only once it has left, where it is wanted back meanwhile", async () => {
    const { keeper, told, drains, world } = setup();
    world.drainsAtOnce = false;
    await keeper.start();

    keeper.standDown("stopped by dana");
    keeper.standUp();
    await settled();
    expect(told.slice(2)).toEqual(["1: leaves in Infinity"]);
    drains.forEach((drained) => drained());
    await settled();

    expect(told.slice(2)).toEqual(["1: leaves in Infinity", "brought up", "2: joins"]);
  });

  it("stays out where it was wanted back only for a moment", async () => {
    const { keeper, told, drains, world } = setup();
    world.drainsAtOnce = false;
    await keeper.start();

    keeper.standDown("stopped by dana");
    keeper.standUp();
    keeper.standDown("stopped by lee");
    drains.forEach((drained) => drained());
    await settled();

    expect(told.slice(2)).toEqual(["1: leaves in Infinity"]);
    expect(keeper.keptOut).toBe("stopped by lee");
  });

  it("hands on what is wanted while it runs, and nothing while it is out", async () => {
    const { keeper, told } = setup();
    await keeper.start();

    keeper.resetBreaker();
    keeper.standDown("stopped by dana");
    await settled();
    keeper.resetBreaker();

    expect(told.slice(2)).toEqual(["1: breaker reset", "1: leaves in Infinity"]);
  });

  it("keeps pauses over the time out, those that a guard of its own found too", async () => {
    const { keeper, told, owners } = setup();
    await keeper.start();
    owners[0]?.paused("guard", "DEAD_LETTER_FLOOD");
    keeper.standDown("stopped by dana");
    await settled();
    keeper.pause("operator", "maintenance");
    expect([keeper.isPaused("guard"), keeper.isPaused("operator")]).toEqual([true, true]);
    keeper.resume("operator");

    keeper.standUp();

    expect(told.slice(2)).toEqual([
      "others hear of guard",
      "1: leaves in Infinity",
      "2: paused by guard: DEAD_LETTER_FLOOD",
      "brought up",
      "2: joins",
    ]);
  });

  it("keeps to what the target asked this process for, which nobody else may know yet", async () => {
    const { keeper, told, owners } = setup();
    await keeper.start();
    owners[0]?.throttled({ by: "p1", at: 0, until: 20_000 });
    keeper.standDown("stopped by dana");
    await settled();

    keeper.standUp();

    expect(told.slice(2)).toEqual([
      "others hear that p1 was told",
      "1: leaves in Infinity",
      "2: wait that p1 was told",
      "brought up",
      "2: joins",
    ]);
  });

  it("hands on whatever is wanted of keys that are set aside", async () => {
    const { keeper, told } = setup();
    await keeper.start();
    const place = { topic: asTopic("users"), partition: asPartition(0), key: asRecordKey("a") };
    const request = { ...place, offset: asOffset(4), redriveCount: 0 };

    keeper.redrive(request);
    keeper.discard({ ...request, below: asOffset(9) });
    keeper.forget({ kind: "discard", request: { ...request, below: asOffset(9) } });
    keeper.throttle({ by: "p2", at: 0, until: 20_000 });

    expect(told.slice(2)).toEqual([
      "1: redrive 4",
      "1: discard 4",
      "1: forget discard 4",
      "1: wait that p2 was told",
    ]);
  });

  it("joins no more once it has ended", async () => {
    const { keeper, told } = setup();
    await keeper.start();
    keeper.standDown("stopped by dana");

    await keeper.stop(5_000);
    keeper.standUp();
    await settled();

    expect(told.slice(2)).toEqual(["1: leaves in Infinity", "1: leaves in 5000"]);
  });

  it("tells its owner where it cannot join again", async () => {
    const { keeper, failures, world } = setup();
    keeper.standDown("stopped by dana");
    await keeper.start();
    world.startError = new Error("topic is gone");

    keeper.standUp();
    await settled();

    expect(failures.map(({ message }) => message)).toEqual(["topic is gone"]);
  });
});
