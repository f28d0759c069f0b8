import { describe, expect, it } from "vitest";

import { FAILED, kinds, setup, throttled } from "../../../testing/engine-bench.ts";
import { DEFAULTS } from "../config.ts";
import type { Effect } from "../effect.ts";

describe("a throttled target", () => {
  it("pauses all keys, and charges nothing", () => {
    const { arrive, end, names, wait, open } = setup();
    arrive("a1");
    end("a1", throttled(5_000));

    expect(names(arrive("b1"))).toEqual([]);
    expect(names(wait(4_999))).toEqual([]);
    expect(names(wait(1)).sort()).toEqual(["a1", "b1"]);
    expect(open("a1").chargedCount).toBe(0);
  });

  it("is left alone for 15 minutes at most", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", throttled(31_536_000_000));

    expect(names(wait(900_000))).toEqual(["a1"]);
  });

  it("waits once for all that was in flight, not twice as long for each", () => {
    const { arrive, end, names, wait } = setup();
    const all = arrive(...Array.from({ length: 40 }, (_, index) => `-${index}`));
    for (const name of names(all)) end(name, throttled(null));

    expect(names(wait(500))).toHaveLength(40);
  });

  it("is asked less often the longer it tells no time", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", throttled(null));
    wait(500);
    end("a1", throttled(null));

    expect(names(wait(999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("is not asked again at once when it says to wait no time", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");

    expect(names(end("a1", throttled(0)))).toEqual([]);
    expect(names(wait(499))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("holds when a partition that got the answer is gone", () => {
    const { arrive, end, names, own, send, world } = setup();
    arrive("a1");
    send({ kind: "fenced" });
    end("a1", throttled(5_000));
    own(3);
    world.offset = 0;

    expect(names(arrive("a1"))).toEqual([]);
  });
});

/** Until when the others are to be told that the target is to be left alone, monotonic ms. */
function tells(effects: readonly Effect<string>[]): number[] {
  return effects.flatMap((effect) => (effect.kind === "throttled" ? [effect.until] : []));
}

describe("a target that another process was asked to leave alone", () => {
  const told = (forMs: number) => ({ kind: "throttle", forMs, by: "p2" }) as const;

  it("gets no attempt until then, whatever arrives or is due", () => {
    const { arrive, end, names, wait, send } = setup();
    arrive("a1");
    end("a1", FAILED);

    expect(names(send(told(20_000)))).toEqual([]);
    expect(names(arrive("b1"))).toEqual([]);
    expect(names(wait(19_999))).toEqual([]);
    expect(names(wait(1)).sort()).toEqual(["a1", "b1"]);
  });

  it("is left alone for 15 minutes at most", () => {
    const { arrive, names, wait, send } = setup();
    send(told(31_536_000_000));
    arrive("a1");

    expect(names(wait(899_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("goes on at once where that is over, or never was a time", () => {
    const { arrive, names, send, world } = setup();
    for (const forMs of [0, -5_000, Number.NaN]) expect(send(told(forMs))).toEqual([]);

    expect(names(arrive("a1"))).toEqual(["a1"]);
    expect(kinds(world.effects)).not.toContain("target-held");
  });

  it("waits for the longer of what it was told and what it asked here", () => {
    const { arrive, end, names, wait, send } = setup();
    arrive("a1");
    end("a1", throttled(10_000));
    send(told(5_000));
    expect(names(wait(9_999))).toEqual([]);

    send(told(5_000));
    expect(names(wait(4_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("charges nothing for it, and the retry horizon stands still", () => {
    const { arrive, end, wait, send, open } = setup({
      retry: { ...DEFAULTS.retry, maxAgeMs: 60_000 },
    });
    arrive("a1");
    end("a1", FAILED);
    send(told(900_000));
    wait(900_000);

    expect(open("a1")).toMatchObject({ chargedCount: 1, attemptCount: 2 });
    expect(kinds(end("a1", FAILED))).not.toContain("dead-letter");
  });

  it("is told to nobody again", () => {
    const { arrive, end, send, wait } = setup();
    arrive("a1");

    expect(tells(send(told(20_000)))).toEqual([]);
    expect(tells(end("a1", throttled(20_500)))).toEqual([]);
    expect(tells(wait(5_000))).toEqual([]);
  });

  it("says who told it, until an answer of its own asks for more", () => {
    const { arrive, end, send, state } = setup();
    arrive("a1");

    expect(send(told(20_000))).toContainEqual({
      ...{ kind: "target-held", reason: "HTTP_THROTTLED", until: 20_000, toldBy: "p2" },
    });
    expect(state.hold.throttle).toMatchObject({ until: 20_000, toldBy: "p2" });
    end("a1", throttled(30_000));
    expect(state.hold.throttle).toMatchObject({ until: 30_000, toldBy: null });
  });

  it("is not asked sooner for a reset of its breaker, or an end of its pause", () => {
    const { arrive, names, send } = setup();
    send(told(20_000));
    arrive("a1");
    send({ kind: "pause", by: "operator", reason: "maintenance" });

    expect(names(send({ kind: "breaker-reset" }))).toEqual([]);
    expect(names(send({ kind: "resume", by: "operator" }))).toEqual([]);
  });
});

describe("a target that asks for time", () => {
  it("has the other processes told at once, until when", () => {
    const { arrive, end, wait } = setup();
    arrive("a1");
    wait(100);

    expect(tells(end("a1", throttled(20_000)))).toEqual([20_100]);
  });

  it("has them told of no more than 15 minutes", () => {
    const { arrive, end } = setup();
    arrive("a1");

    expect(tells(end("a1", throttled(31_536_000_000)))).toEqual([900_000]);
  });

  it("has them told once by all that was in flight, unless it asks for a second more", () => {
    const { arrive, end, wait } = setup();
    arrive("a1", "b1", "c1", "d1");
    end("a1", throttled(20_000));
    wait(1_500);

    expect(tells(end("b1", throttled(18_500)))).toEqual([]);
    expect(tells(end("c1", throttled(19_499)))).toEqual([]);
    expect(tells(end("d1", throttled(19_500)))).toEqual([21_000]);
  });

  it("has them told once a second at most, then of the longest wait", () => {
    const { arrive, end, wait, wakeAt } = setup();
    arrive("a1", "b1", "c1");
    end("a1", throttled(10_000));
    wait(200);

    expect(tells(end("b1", throttled(30_000)))).toEqual([]);
    expect(tells(end("c1", throttled(20_000)))).toEqual([]);
    expect(wakeAt()).toBe(1_000);
    expect(tells(wait(799))).toEqual([]);
    expect(tells(wait(1))).toEqual([30_200]);
    expect(tells(wait(5_000))).toEqual([]);
  });

  it("has nobody told of a wait that is over before they hear of it", () => {
    const { arrive, end, wait } = setup();
    arrive("a1");
    expect(tells(end("a1", throttled(1_999)))).toEqual([]);

    wait(1_999);
    expect(tells(end("a1", throttled(2_000)))).toEqual([3_999]);
  });

  it("asks for no wake to tell of a wait that is over before they hear of it", () => {
    const { arrive, end, wait, wakeAt, world } = setup();
    arrive("a1");
    wait(60_000);
    end("a1", throttled(1_999));

    expect(wakeAt()).toBe(world.now + 1_999);
  });

  it("has nobody told of a wait that it did not tell itself", () => {
    const { arrive, end, wait, state, world } = setup();
    arrive("a1");
    for (let count = 0; count < 6; count += 1) {
      end("a1", throttled(null));
      wait(state.hold.throttle.until - world.now);
    }

    expect(world.now).toBeGreaterThan(30_000);
    expect(tells(world.effects)).toEqual([]);
  });

  it("has them told also by a partition that is gone", () => {
    const { arrive, end, send } = setup();
    arrive("a1");
    send({ kind: "fenced" });

    expect(tells(end("a1", throttled(5_000)))).toEqual([5_000]);
  });
});
