/** Replays on real Kafka: the production driver and the adapters of @millrace/kafka, a target that tells of each call. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { asPartition, type TargetDriver, type TopicPartition } from "@millrace/engine";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld, SESSION_MS, testBrokers } from "../support/kafka-world.ts";
import {
  answering,
  createOwner,
  repairOrder,
  type Arrival,
  type OwnerPlace,
} from "../support/replay-owner.ts";
import { until } from "../support/until.ts";

const COUNT = 600;
const KEY_COUNT = 30;
const RANGE = [100, 500] as const;
const RANGE_OFFSETS = Array.from({ length: RANGE[1] - RANGE[0] }, (_, index) => RANGE[0] + index);

/** A partition of 600 events of 30 keys, and who may own it. */
class Bundle {
  readonly world = new RealWorld();
  readonly arrivals: Arrival[] = [];
  readonly at: TopicPartition;
  readonly place: OwnerPlace;

  private constructor(at: TopicPartition, place: OwnerPlace) {
    this.at = at;
    this.place = place;
  }

  static async create(): Promise<Bundle> {
    const world = new RealWorld();
    const topic = await world.topic(1);
    const [stateTopic, ownTopic] = [await world.topic(1), await world.topic(1)];
    const place = { topic, stateTopic, ownTopic, groupId: world.groupId() };
    const bundle = new Bundle(
      { topic, partition: asPartition(0) },
      { ...place, brokers: testBrokers(), sessionMs: SESSION_MS },
    );
    await bundle.emit();
    return bundle;
  }

  /** Offsets in the order in which their calls came. */
  calls(of: "live" | "replay"): number[] {
    return this.arrivals.flatMap(({ offset, job }) =>
      (job === null) === (of === "live") ? [offset] : [],
    );
  }

  async emit(): Promise<void> {
    const records = Array.from({ length: COUNT }, (_, index) => ({
      key: Buffer.from(`k${index % KEY_COUNT}`),
      value: Buffer.from(`v${index}`),
    }));
    await this.world.write(this.at, records);
  }

  /** An owner in this process. */
  async own(): Promise<{ readonly driver: TargetDriver; readonly close: () => Promise<void> }> {
    const owner = createOwner(
      this.place,
      answering(1, (arrival) => this.arrivals.push(arrival)),
    );
    onTestFinished(owner.close);
    await owner.driver.start();
    return owner;
  }

  /** An owner in a process of its own that has the replay to do. */
  fork(): ChildProcess {
    const script = new URL("../support/replay-process.ts", import.meta.url);
    const child = fork(script, [JSON.stringify(this.place), JSON.stringify(RANGE)], {
      execArgv: ["--conditions=millrace-source", "--disable-warning=TimeoutNegativeWarning"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the script sends nothing else
    child.on("message", (message) => this.arrivals.push(message as Arrival));
    return child;
  }

  async committed(): Promise<number | undefined> {
    return (await this.world.committed(this.place.groupId, this.at))?.offset;
  }

  untilCommitted(offset: number): Promise<void> {
    return until(`a commit of ${offset}`, async () => (await this.committed()) === offset);
  }
}

/** First calls of a key that came behind a later one of it. */
function disordered(offsets: readonly number[]): number[] {
  const highest = new Map<number, number>();
  const known = new Set<number>();
  return offsets.filter((offset) => {
    const isFirst = !known.has(offset);
    known.add(offset);
    const key = offset % KEY_COUNT;
    const before = highest.get(key) ?? -1;
    highest.set(key, Math.max(before, offset));
    return isFirst && offset < before;
  });
}

const ascending = (offsets: Iterable<number>): number[] =>
  [...new Set(offsets)].sort((a, b) => a - b);

const untilThrough = (driver: TargetDriver): Promise<void> =>
  until("the replay to be through", () => driver.replays[0]?.stage === "ended");

describe("a replay on Kafka", () => {
  it("sends exactly its range, once and in order, and leaves the group's offsets alone", async () => {
    const bundle = await Bundle.create();
    const { driver } = await bundle.own();
    await bundle.untilCommitted(COUNT);

    driver.replay(repairOrder(bundle.at.topic, RANGE));
    await untilThrough(driver);

    const calls = bundle.calls("replay");
    expect(ascending(calls)).toEqual(RANGE_OFFSETS);
    expect(calls).toHaveLength(RANGE_OFFSETS.length);
    expect(disordered(calls)).toEqual([]);
    expect(bundle.calls("live")).toHaveLength(COUNT);
    expect(await bundle.committed()).toBe(COUNT);
  });

  it("goes on with the next owner after a kill, and repeats what was open or not yet written", async () => {
    const bundle = await Bundle.create();
    const first = bundle.fork();
    await until("half of the replay", () => bundle.calls("replay").length >= 200);
    first.kill("SIGKILL");
    await once(first, "exit");
    const before = bundle.calls("replay");

    const { driver } = await bundle.own();
    driver.replay(repairOrder(bundle.at.topic, RANGE));
    await untilThrough(driver);

    const calls = bundle.calls("replay");
    expect(ascending(calls)).toEqual(RANGE_OFFSETS);
    expect(disordered(calls)).toEqual([]);
    expect(driver.replays[0]?.step?.counts).toEqual({ sent: 400, skipped: {}, failed: {} });
    // One call of each key was open; steps are written every 25 ms, when 15 of 30 calls have ended.
    expect(calls.length - RANGE_OFFSETS.length).toBeLessThanOrEqual(3 * KEY_COUNT);
    expect(before.length).toBeLessThan(RANGE_OFFSETS.length);
    expect(await bundle.committed()).toBe(COUNT);
  });

  it("lets live events of the same keys go between, in their own order", async () => {
    const bundle = await Bundle.create();
    const { driver } = await bundle.own();
    await bundle.untilCommitted(COUNT);

    driver.replay(repairOrder(bundle.at.topic, [0, COUNT]));
    await bundle.emit();
    await untilThrough(driver);
    await bundle.untilCommitted(2 * COUNT);

    expect(bundle.calls("replay")).toHaveLength(COUNT);
    expect(bundle.calls("live")).toHaveLength(2 * COUNT);
    expect(disordered(bundle.calls("live"))).toEqual([]);
    expect(disordered(bundle.calls("replay"))).toEqual([]);
  });
});
