import { describe, expect, it } from "vitest";
import { FAILED, OK, setup, throttled, type EngineBench } from "../../../testing/engine-bench.ts";
import type { AttemptResult } from "./attempt-result.ts";
import { FIRST_ATTEMPTS_MAX, keptAttempts, LAST_ATTEMPTS_MAX } from "./attempt-log.ts";
import type { Delivery } from "./delivery.ts";

const WALL = 1_000_000;

/** Ends the open attempt of an event after a while, then waits until its next one has begun. */
function attempt(bench: EngineBench, result: AttemptResult, durationMs: number): void {
  const { attemptCount } = bench.open("a1");
  bench.wait(durationMs);
  bench.end("a1", result);
  if (result.kind === "delivered") return;
  while (bench.open("a1").attemptCount === attemptCount) bench.wait(60_000);
}

function statuses(delivery: Delivery<string>): unknown {
  const { first, leftOutCount, last } = keptAttempts(delivery);
  const statusOf = ({ result }: { readonly result: AttemptResult }) =>
    "status" in result ? result.status : result.kind;
  return [first.map(statusOf), leftOutCount, last.map(statusOf)];
}

describe("the attempts of a delivery", () => {
  it("have their time, duration and end", () => {
    const bench = setup();
    bench.wait(7);
    bench.arrive("a1");
    attempt(bench, FAILED, 30);
    const startedAgainAt = bench.world.now;
    attempt(bench, OK, 12.5);

    expect(keptAttempts(bench.open("a1"))).toEqual({
      first: [{ startedAt: WALL + 7, durationMs: 30, result: FAILED }],
      leftOutCount: 0,
      last: [{ startedAt: WALL + startedAgainAt, durationMs: 12.5, result: OK }],
    });
  });

  it("cost no object of their own when the first one succeeds", () => {
    const bench = setup();
    bench.arrive("a1");
    attempt(bench, OK, 5);

    const delivery = bench.open("a1");
    expect(delivery.earlierAttempts).toBeNull();
    expect(keptAttempts(delivery).last).toEqual([{ startedAt: WALL, durationMs: 5, result: OK }]);
  });

  it("last until they ended, however long after the engine is told", () => {
    const bench = setup();
    bench.arrive("a1");
    const delivery = bench.open("a1");
    const endedAt = bench.world.now + 20;
    bench.wait(50);
    bench.send({ kind: "attempts-ended", ends: [{ delivery, result: OK, endedAt }] });

    expect(keptAttempts(delivery).last).toEqual([{ startedAt: WALL, durationMs: 20, result: OK }]);
  });

  it("are none before one has ended, and for what no call is made of", () => {
    const bench = setup();
    bench.arrive("a1", "b1!");

    const [settled] = bench.world.effects.flatMap((effect) =>
      effect.kind === "dead-letter" ? [effect.delivery] : [],
    );
    expect(keptAttempts(bench.open("a1"))).toEqual({ first: [], leftOutCount: 0, last: [] });
    expect(settled && keptAttempts(settled)).toEqual({ first: [], leftOutCount: 0, last: [] });
  });

  it("count those that charge nothing too", () => {
    const bench = setup();
    bench.arrive("a1");
    attempt(bench, throttled(1_000), 1);
    attempt(bench, { kind: "abandoned", ambiguous: true }, 1);
    attempt(bench, OK, 1);

    expect(statuses(bench.open("a1"))).toEqual([[429, "abandoned"], 0, [204]]);
  });

  it.each([
    [1, [[], 0, [1]]],
    [3, [[1, 2], 0, [3]]],
    [4, [[1, 2, 3], 0, [4]]],
    [8, [[1, 2, 3], 0, [4, 5, 6, 7, 8]]],
    [9, [[1, 2, 3], 1, [5, 6, 7, 8, 9]]],
    [23, [[1, 2, 3], 15, [19, 20, 21, 22, 23]]],
  ])("are kept from both ends, of %i", (count, kept) => {
    const bench = setup();
    bench.arrive("a1");
    for (let index = 1; index < count; index += 1) {
      attempt(bench, { ...FAILED, status: index }, 1);
    }
    attempt(bench, { kind: "delivered", status: count }, 1);

    expect([FIRST_ATTEMPTS_MAX, LAST_ATTEMPTS_MAX]).toEqual([3, 5]);
    expect(statuses(bench.open("a1"))).toEqual(kept);
  });
});

describe("filtered records", () => {
  it("are told as runs of offsets", () => {
    const { arrive, world } = setup();
    arrive("~1", "~2", "a1", "~3");
    arrive("~4");

    const runs = world.effects.flatMap((effect) =>
      effect.kind === "skipped" ? [[effect.from, effect.to]] : [],
    );
    expect(runs).toEqual([
      [0, 2],
      [3, 4],
      [4, 5],
    ]);
  });
});
