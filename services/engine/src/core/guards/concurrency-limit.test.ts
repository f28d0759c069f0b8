import { describe, expect, it } from "vitest";

import {
  FAILED,
  OK,
  partition,
  REJECTED,
  setup,
  throttled,
} from "../../../testing/engine-bench.ts";
import { TargetLoop } from "../../../testing/target-loop.ts";
import type { AttemptResult } from "../lanes/attempt-result.ts";
import { DEFAULTS } from "../config.ts";

const TIMED_OUT: AttemptResult = { ...FAILED, reason: "TIMEOUT", status: null };
/** Retries soon, so that lanes do not pile up. */
const retry = { ...DEFAULTS.retry, baseMs: 1, capMs: 10 };

const loop = (concurrencyMax = 64): TargetLoop => new TargetLoop({ concurrencyMax, retry });

describe("the limit of a healthy target", () => {
  it("is its cap from the first attempt on, and stays there", () => {
    const target = loop();
    target.run(10_000, { latency: () => 20 });

    expect(target.limit).toBe(64);
    expect(target.ended.get("delivered")).toBeGreaterThan((10_000 / 20 - 10) * 64);
  });

  it("stays at the cap whatever the latencies are, as long as they stay alike", () => {
    const target = loop();
    // From 2 to 200 ms, one in a hundred three seconds.
    const latency = (_: number, call: number): number =>
      call % 100 === 0 ? 3_000 : 2 + ((call * 7_919) % 199);
    target.run(60_000, { latency });

    expect(target.limit).toBe(64);
  });

  it("stays at the cap where latency is what the calls in flight make it", () => {
    const target = loop();
    target.run(30_000, { latency: (inFlight) => inFlight });

    expect(target.limit).toBe(64);
  });

  it("stays at the cap while a fifth of the calls fail by chance", () => {
    const target = loop();
    let seed = 11;
    const answer = (): AttemptResult => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 16) % 5 === 0 ? FAILED : OK;
    };
    target.run(20_000, { latency: () => 20, answer });

    expect(target.limit).toBeGreaterThanOrEqual(60);
  });

  it("stays at the cap beside one key that always times out", () => {
    const target = loop();
    const slow = (call: number): boolean => call % 400 === 0;
    target.run(20_000, {
      latency: (_, call) => (slow(call) ? 5_000 : 20),
      answer: (_, call) => (slow(call) ? TIMED_OUT : OK),
    });

    expect(target.limit).toBe(64);
  });
});

describe("the limit of a target that is asked too much", () => {
  it("falls while it throttles, once a round trip, and comes back", () => {
    const target = loop();
    target.run(1_000, { latency: () => 20 });
    target.run(10_000, {
      latency: () => 20,
      answer: (inFlight) => (inFlight > 20 ? throttled(null) : OK),
    });
    expect(target.limit).toBeLessThan(64);
    const falls = Math.log(target.bench.state.limit.value / 64) / Math.log(0.9);
    expect(falls).toBeLessThan(30);

    target.run(30_000, { latency: () => 20 });
    expect(target.limit).toBe(64);
  });

  it("comes back as fast where calls end together as where each ends alone", () => {
    const limits = [false, true].map((endTogether) => {
      const target = loop();
      target.run(1_000, { latency: () => 20 });
      target.run(10_000, {
        latency: () => 20,
        answer: (inFlight) => (inFlight > 20 ? throttled(null) : OK),
      });
      const before = target.limit;
      target.run(400, { latency: () => 20, endTogether });
      return target.limit - before;
    });

    expect(limits[0]).toBeGreaterThan(10);
    expect(limits[1]).toBeGreaterThanOrEqual((limits[0] ?? 0) - 1);
  });

  it("settles where a third of the calls is refused, and the breaker stays closed", () => {
    const target = loop();
    const rules = {
      latency: () => 20,
      answer: (inFlight: number): AttemptResult => (inFlight > 20 ? FAILED : OK),
    };
    target.run(30_000, rules);
    const before = target.ended.get("delivered") ?? 0;
    target.run(20_000, rules);

    expect(target.limit).toBeLessThanOrEqual(34);
    expect(target.limit).toBeGreaterThanOrEqual(15);
    expect((target.ended.get("delivered") ?? 0) - before).toBeGreaterThan(18_000);
  });

  it("falls when calls take far longer than usual, not below what the same throughput needs", () => {
    const target = loop();
    target.run(60_000, { latency: () => 50 });
    target.run(5_000, { latency: () => 200 });

    expect(target.limit).toBeLessThanOrEqual(40);
    expect(target.limit).toBeGreaterThanOrEqual(30);
  });

  it("falls to a quarter of the cap at most when calls are only slow", () => {
    const target = loop();
    target.run(60_000, { latency: () => 50 });
    target.run(20_000, { latency: () => 4_000 });

    expect(target.limit).toBeGreaterThanOrEqual(16);
  });

  it("takes a lasting change of latency for the new usual one", () => {
    const target = loop();
    target.run(60_000, { latency: () => 50 });
    target.run(90_000, { latency: () => 200 });

    expect(target.limit).toBe(64);
  });

  it("does not fall for slow calls while few are in flight", () => {
    const target = loop();
    target.run(60_000, { latency: () => 20, perSecond: 200 });
    target.run(20_000, { latency: () => 100, perSecond: 200 });

    expect(target.limit).toBe(64);
  });

  it("counts calls anew once it has fallen", () => {
    const { arrive, end, wait, state } = setup({ concurrencyMax: 16 });
    const names = Array.from({ length: 50 }, (_, index) => `-${index}`);
    arrive(...names);
    for (const name of names.slice(0, 14)) end(name);
    end("-14", throttled(0));
    const fallen = state.limit.value;
    wait(1_000);
    for (const name of names.slice(15, 30)) end(name);

    const failing = names.slice(30, 36);
    const answered = names.slice(36, 46);
    for (const [index, name] of answered.entries()) {
      const failed = failing[index];
      if (failed !== undefined) end(failed, FAILED);
      end(name);
    }

    expect(state.limit.value).toBeLessThan(fallen);
  });

  it("counts a call that was rejected as one that the target took", () => {
    const falls = [0, 1].map((moreCount) => {
      const { arrive, end, state } = setup({ concurrencyMax: 16 });
      const names = Array.from({ length: 16 }, (_, index) => `-${index}`);
      arrive(...names);
      const failing = new Set(names.filter((_, index) => index % 3 === 0).slice(0, 5 + moreCount));
      for (const name of names) end(name, failing.has(name) ? FAILED : REJECTED);
      return state.limit.value < 16;
    });

    expect(falls).toEqual([false, true]);
  });

  it("never falls below one", () => {
    const target = loop(2);
    target.run(60_000, { latency: () => 20, answer: () => throttled(0) });

    expect(target.limit).toBe(1);
  });

  it("does not rise while few are in flight", () => {
    const target = loop();
    const perSecond = 100;
    const answer = (_: number, call: number): AttemptResult => (call <= 5 ? throttled(0) : OK);
    target.run(500, { latency: () => 20, perSecond, answer });
    const { limit } = target;
    expect(limit).toBeLessThan(64);
    target.run(20_000, { latency: () => 20, perSecond });

    expect(target.limit).toBe(limit);
  });

  it("is halved by an opened breaker, and reached again once the target is well", () => {
    const target = loop();
    target.run(5_000, { latency: () => 20 });
    target.run(20_000, { latency: () => 20, answer: () => FAILED });
    target.run(10_000, { latency: () => 20 });
    expect(target.bench.state.hold.breaker.stage).not.toBe("open");

    target.run(20_000, { latency: () => 20 });
    expect(target.limit).toBe(64);
    expect(target.bench.state.slotCount).toBe(64);
  });
});

describe("a share of the limit", () => {
  it("is of what the target takes now, and at least one", () => {
    const target = new TargetLoop({ concurrencyMax: 64, retry });
    const { bench } = target;
    const partitions = [bench.assigned("taken", partition, 2)];
    bench.send({ kind: "assigned", generation: 2, partitions, partitionCount: 4 });
    target.run(1_000, { latency: () => 20 });
    expect(bench.state.slotCount).toBe(16);

    target.run(10_000, { latency: () => 20, answer: () => throttled(0) });
    expect(bench.state.slotCount).toBe(Math.max(1, Math.floor(target.limit / 4)));
    expect(target.limit).toBeLessThan(64);

    bench.send({ kind: "assigned", generation: 3, partitions, partitionCount: 1_000 });
    expect(bench.state.slotCount).toBe(1);
  });

  it("rises as fast as a whole one", () => {
    const times = [1, 4].map((partitionCount) => {
      const target = new TargetLoop({ concurrencyMax: 64, retry });
      const { bench } = target;
      const partitions = [bench.assigned("taken", partition, 2)];
      bench.send({ kind: "assigned", generation: 2, partitions, partitionCount });
      target.run(20_000, { latency: () => 20, answer: () => throttled(0) });
      const from = bench.world.now;
      while (target.limit < 64) target.run(100, { latency: () => 20 });
      return bench.world.now - from;
    });

    const [whole = 0, quarter = 0] = times;
    expect(quarter).toBeLessThan(3 * whole);
  });
});
