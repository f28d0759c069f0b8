import { describe, expect, it } from "vitest";

import {
  FAILED,
  kinds,
  OK,
  REFUSED,
  REJECTED,
  setup,
  throttled,
  type EngineBench,
} from "../../../testing/engine-bench.ts";
import type { EngineConfig } from "../config.ts";

/** A bench whose target was just held by refusals of a1, b1 and c1; these three are the only events. */
function held(config: Partial<EngineConfig> = {}): EngineBench {
  const bench = setup(config);
  bench.arrive("a1", "b1", "c1");
  for (const name of ["a1", "b1", "c1"]) bench.end(name, REFUSED);
  return bench;
}

describe("an event whose call the configuration is to blame for", () => {
  it("waits alone, uncharged and ever longer, and stops no other key", () => {
    const { arrive, end, names, open, wait, world } = setup();
    arrive("a1", "b1");
    for (let refusals = 1; refusals <= 12; refusals += 1) {
      expect(names(end("a1", REFUSED))).toEqual([]);
      expect(names(arrive(`c${refusals}`))).toEqual([`c${refusals}`]);
      end(`c${refusals}`);
      expect(names(wait(Math.min(30_000, 500 * 2 ** (refusals - 1))))).toEqual(["a1"]);
    }

    expect(open("a1")).toMatchObject({ chargedCount: 0, refusedCount: 12 });
    expect(kinds(world.effects)).not.toContain("target-held");
  });

  it("is tried again in at most a probe's interval", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    for (let refusals = 0; refusals < 20; refusals += 1) {
      end("a1", REFUSED);
      arrive(`b${refusals}`);
      end(`b${refusals}`);
      expect(names(wait(30_000))).toEqual(["a1"]);
    }
  });

  it("is not taken for a second key after a change of owner", () => {
    const { arrive, end, own, send, state, world } = setup();
    for (let generation = 2; generation < 6; generation += 1) {
      world.offset = 0;
      arrive("a1");
      end("a1", REFUSED);
      send({ kind: "fenced" });
      own(generation);
    }

    expect(state.hold.misconfiguration.isHeld).toBe(false);
  });
});

describe("a misconfigured target", () => {
  it("is held once three keys were refused and nothing was taken between", () => {
    const { arrive, end, names, state } = setup();
    arrive("a1", "b1", "c1", "d1");
    end("a1", REFUSED);
    end("b1", REFUSED);
    end("d1", OK);
    end("c1", REFUSED);
    expect(state.hold.misconfiguration.isHeld).toBe(false);
    arrive("e1", "f1");
    end("e1", REFUSED);

    expect(kinds(end("f1", REFUSED))).toContain("target-held");
    expect(names(arrive("g1"))).toEqual([]);
  });

  it("is held by three events without a key", () => {
    const { arrive, end, state } = setup();
    arrive("-1", "-2", "-3");
    for (const name of ["-1", "-2", "-3"]) end(name, REFUSED);

    expect(state.hold.misconfiguration.isHeld).toBe(true);
  });

  it("is held once its only key was refused for 30 seconds", () => {
    const { arrive, end, names, wait, state, world } = setup();
    arrive("a1");
    end("a1", REFUSED);
    while (world.now < 29_900) {
      for (const name of names(wait(100))) end(name, REFUSED);
      expect(state.hold.misconfiguration.isHeld).toBe(false);
    }
    while (!state.hold.misconfiguration.isHeld) {
      for (const name of names(wait(100))) end(name, REFUSED);
      expect(world.now).toBeLessThan(60_000);
    }
  });

  it("is not held by refusals that an event refused for its own sake stands between", () => {
    const { arrive, end, state } = setup();
    arrive("a1", "b1", "c1", "d1");
    end("a1", REFUSED);
    end("b1", REFUSED);
    end("d1", REJECTED);
    end("c1", REFUSED);

    expect(state.hold.misconfiguration.isHeld).toBe(false);
  });

  it("is tried with one attempt at a time until one gets through", () => {
    const { arrive, end, names, wait, world } = held({ concurrencyMax: 4 });
    expect(names(arrive("d1", "e1"))).toEqual([]);

    const [probe = ""] = names(wait(30_000));
    expect(names(end(probe, REFUSED))).toEqual([]);
    const [next = ""] = names(wait(30_000));
    expect(next).not.toBe(probe);

    expect(names(end(next)).length).toBe(4);
    expect(kinds(world.effects)).toContain("target-released");
  });

  it("is tried by one probe although older attempts are still refused", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1", "b1", "c1", "d1", "e1");
    for (const name of ["a1", "b1", "c1"]) end(name, REFUSED);
    expect(names(wait(30_000))).toHaveLength(1);

    end("d1", REFUSED);
    expect(names(end("e1", FAILED))).toEqual([]);

    expect(names(wait(60_000))).toEqual([]);
  });

  it("is not released by what was in flight before", () => {
    const { arrive, end, names } = setup();
    arrive("a1", "b1", "c1", "d1");
    for (const name of ["a1", "b1", "c1"]) end(name, REFUSED);

    expect(names(end("d1", OK))).toEqual([]);
  });

  it("waits a whole interval after a probe that proved nothing", () => {
    const { end, names, wait } = held();
    const [probe = ""] = names(wait(30_000));
    end(probe, FAILED);

    expect(names(wait(29_999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });

  it("keeps to a Retry-After that a probe got", () => {
    const { end, names, wait } = held();
    const [probe = ""] = names(wait(30_000));
    end(probe, throttled(300_000));

    expect(names(wait(299_999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });

  it("keeps to a Retry-After that came before", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1", "b1", "c1", "d1");
    end("d1", throttled(300_000));
    for (const name of ["a1", "b1", "c1"]) end(name, REFUSED);

    expect(names(wait(299_999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });

  it("is tried again when the probe's partition went away", () => {
    const { arrive, end, names, own, send, wait, world } = held();
    const [probe = ""] = names(wait(30_000));
    send({ kind: "fenced" });
    end(probe, REFUSED);
    own(3);
    world.offset = 0;
    arrive("a1");

    expect(names(wait(30_000))).toEqual(["a1"]);
  });

  it("asks for no wake while tokens are short and a probe is due", () => {
    const rate = { kind: "limited", perSecond: 0.01, burst: 3 } as const;
    const { arrive, end, wait, wakeAt, world } = setup({ rate });
    wait(300_000);
    arrive("a1", "b1", "c1");
    for (const name of ["a1", "b1", "c1"]) end(name, REFUSED);
    wait(30_000);

    expect(wakeAt()).toBeGreaterThan(world.now);
  });
});
