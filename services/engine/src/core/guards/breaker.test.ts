import { describe, expect, it } from "vitest";

import {
  BUSY,
  FAILED,
  kinds,
  OK,
  REJECTED,
  setup,
  throttled,
} from "../../../testing/engine-bench.ts";
import type { EngineBench } from "../../../testing/engine-bench.ts";
import { TargetLoop } from "../../../testing/target-loop.ts";
import { DEFAULTS, type EngineConfig } from "../config.ts";
import type { Effect } from "../effect.ts";

type Bench = EngineBench & { readonly fail: (...names: string[]) => readonly Effect<string>[] };

/** A bench whose attempts of these names fail, in order; the effects are the last one's. */
function bench(config: Partial<EngineConfig> = {}): Bench {
  const made = setup({ order: "key", ...config });
  const fail = (...names: string[]): readonly Effect<string>[] =>
    names.map((name) => made.end(name, FAILED)).at(-1) ?? [];
  return Object.assign(made, { fail });
}

const KEYS = Array.from("abcdefgh", (key) => `${key}1`);
const FIVE = KEYS.slice(0, 5);

/** A bench whose breaker has just opened; five lanes wait for a retry, three were answered before. */
function opened(config: Partial<EngineConfig> = {}): Bench {
  const made = bench(config);
  made.arrive(...KEYS);
  for (const name of KEYS.slice(5)) made.end(name);
  made.fail(...FIVE);
  return made;
}

/** A bench whose breaker is closed since the lane of `a1`, which is alone and in flight, was taken for the cause. */
function blamed(): Bench {
  const made = bench();
  const { arrive, fail, names, wait, state } = made;
  arrive("a1");
  for (let count = 0; count < 12; count += 1) {
    fail("a1");
    while (names(wait(100)).length === 0) expect(state.hold.breaker.stage).not.toBe("half-open");
  }
  expect(state.hold.breaker.stage).toBe("closed");
  return made;
}

/** Answers all that is open as it starts, until nothing starts at this moment. */
function answerAll({ names, end }: Bench, effects: readonly Effect<string>[]): number {
  let most = 0;
  let open = names(effects);
  while (open.length > 0) {
    most = Math.max(most, open.length);
    open = open.flatMap((name) => names(end(name)));
  }
  return most;
}

describe("a breaker", () => {
  it("opens after five failures in a row of two keys", () => {
    const { arrive, fail, names, state } = bench();
    arrive(...KEYS);

    fail("a1", "b1", "c1", "d1");
    expect(state.hold.breaker.stage).toBe("closed");
    expect(kinds(fail("e1"))).toContain("target-held");
    expect(names(arrive("x1"))).toEqual([]);
  });

  it("needs a run as long as what is in flight, so that a few calls too many do not open it", () => {
    const { arrive, end, fail, state } = bench();
    arrive(...KEYS, ...KEYS.map((name) => `-${name}`));
    fail(...KEYS);
    expect(state.hold.breaker.stage).toBe("closed");

    fail("-a1");
    expect(state.hold.breaker.stage).toBe("open");
    end("-b1");
    expect(state.hold.breaker.stage).toBe("open");
  });

  it("needs such a run also where calls end together", () => {
    const { arrive, open, send, state } = bench();
    const loose = KEYS.map((name) => `-${name}`);
    arrive(...KEYS, ...loose);
    const end = (names: readonly string[]): void => {
      const ends = names.map((name) => ({ delivery: open(name), result: FAILED }));
      send({ kind: "attempts-ended", ends });
    };

    end([...KEYS, ...loose.slice(0, 4)]);
    expect(state.hold.breaker.stage).toBe("closed");
    end(loose.slice(4));
    expect(state.hold.breaker.stage).toBe("open");
  });

  it("stays closed while one key of several fails", () => {
    const { arrive, fail, wait, state } = bench();
    arrive("a1", "b1");
    for (let count = 0; count < 12; count += 1) {
      fail("a1");
      wait(300_000);
    }

    expect(state.hold.breaker.stage).toBe("closed");
  });

  it("opens after five failures in a row of the only key there is", () => {
    const { arrive, fail, wait, state } = bench();
    arrive("a1");
    for (let count = 0; count < 5; count += 1) {
      fail("a1");
      wait(10_000);
    }

    expect(state.hold.breaker.stage).toBe("half-open");
  });

  it("takes a lane that is alone for the cause after a while, so that a poisoned event is given up", () => {
    const maxAttempts = { kind: "limited", count: 20 } as const;
    const { arrive, fail, names, wait, state, open, world } = bench({
      order: "partition",
      retry: { ...DEFAULTS.retry, maxAttempts },
    });
    arrive("a1", "b1");
    let probes = 0;
    while (!kinds(world.effects).includes("dead-letter")) {
      const { stage } = state.hold.breaker;
      if (stage === "half-open") probes += 1;
      const startedAt = world.now;
      for (const name of state.inFlightCount > 0 ? ["a1"] : []) fail(name);
      while (names(wait(100)).length === 0 && !kinds(world.effects).includes("dead-letter")) {
        expect(world.now - startedAt).toBeLessThanOrEqual(300_000);
      }
    }

    expect(probes).toBe(7);
    expect(open("a1")).toMatchObject({ attemptCount: 26, chargedCount: 20 });
  });

  it("opens again for a lane that was taken for the cause once others fail too", () => {
    const { arrive, fail, state } = blamed();
    arrive("b1", "c1", "d1", "e1", "f1");
    fail("b1", "c1", "d1", "e1", "f1");

    expect(state.hold.breaker.stage).toBe("open");
  });

  it("takes a lane for the cause no more once the target has answered", () => {
    const { arrive, end, fail, names, wait, state } = blamed();
    end("a1");
    arrive("a2");
    for (let count = 0; count < 4; count += 1) {
      fail("a2");
      while (names(wait(100)).length === 0) expect(state.hold.breaker.stage).toBe("closed");
    }
    fail("a2");

    expect(state.hold.breaker.stage).toBe("open");
  });

  it("starts counting anew with any answer below 500", () => {
    for (const answer of [OK, REJECTED, BUSY, throttled(0)]) {
      const { arrive, end, fail, state } = bench();
      arrive(...KEYS);
      fail("a1", "b1", "c1", "d1");
      end("e1", answer);
      fail("f1", "g1");

      expect(state.hold.breaker.stage).toBe("closed");
    }
  });

  it("opens when half of twenty calls failed, in whatever order", () => {
    const { arrive, end, fail, state } = bench();
    const names = Array.from({ length: 20 }, (_, index) => `-${index}`);
    arrive(...names);
    for (const name of names.slice(0, 18)) {
      if (Number(name.slice(1)) % 2 === 0) end(name);
      else fail(name);
    }
    fail("-18");
    expect(state.hold.breaker.stage).toBe("closed");

    fail("-19");
    expect(state.hold.breaker.stage).toBe("open");
  });

  it("is not opened by chance at a target that fails a fifth of its calls", () => {
    const { arrive, end, state, world } = bench({ concurrencyMax: 1 });
    let seed = 7;
    let openings = 0;
    for (let call = 0; call < 20_000; call += 1) {
      arrive(`-${call}`);
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      end(`-${call}`, (seed >>> 16) % 5 === 0 ? { ...FAILED, status: 500 } : OK);
      if (state.hold.breaker.stage !== "closed") openings += 1;
      state.waiting.keep(() => false);
      world.effects.length = 0;
    }

    expect(openings).toBe(0);
  });

  it("opens for a long enough run of failures at a target that fails a fifth of its calls", () => {
    const { arrive, end, fail, state } = bench({ concurrencyMax: 1_000 });
    const names = Array.from({ length: 113 }, (_, index) => `-${index}`);
    arrive(...names);
    for (const name of names.slice(0, 100)) {
      if (Number(name.slice(1)) % 5 === 1) fail(name);
      else end(name);
    }

    fail(...names.slice(100, 112));
    expect(state.hold.breaker.stage).toBe("closed");
    fail("-112");
    expect(state.hold.breaker.stage).toBe("open");
  });

  it("starts no attempt while it is open, and one probe when its time has come", () => {
    const { arrive, names, wait } = opened();

    expect(names(arrive("i1", "j1", "k1"))).toEqual([]);
    expect(names(wait(9_999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
    expect(names(wait(60_000))).toEqual([]);
  });

  it("probes at once when it is reset, and stays open for its time where that fails", () => {
    const { arrive, fail, names, send, wait, state } = opened();
    arrive("i1", "j1");

    const reset = send({ kind: "breaker-reset" });
    expect(names(reset)).toEqual(["i1"]);
    fail("i1");
    expect(state.hold.breaker.stage).toBe("open");
    expect(names(wait(9_999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });

  it("goes on slowly when its probe after a reset is answered", () => {
    const { arrive, end, send, state } = opened();
    arrive("i1");
    send({ kind: "breaker-reset" });
    end("i1");

    expect(state.hold.breaker.stage).toBe("slow-start");
    expect(state.slotCount).toBe(1);
  });

  it("is not changed by a reset while its probe is out, while it is closed, or once it goes on slowly", () => {
    const { arrive, end, names, send, wait, state } = opened();
    arrive("i1", "j1", "k1");
    wait(10_000);
    expect(send({ kind: "breaker-reset" })).toEqual([]);
    expect(state.hold.breaker.stage).toBe("half-open");
    end("i1");
    expect(names(send({ kind: "breaker-reset" }))).toEqual([]);
    expect(state.hold.breaker.stage).toBe("slow-start");

    expect(kinds(bench().send({ kind: "breaker-reset" }))).toEqual([]);
  });

  it("starts no probe by a reset while the target is paused", () => {
    const { arrive, names, send, world } = opened();
    arrive("i1");
    send({ kind: "pause", by: "operator", reason: "maintenance" });

    expect(names(send({ kind: "breaker-reset" }))).toEqual([]);
    world.effects.length = 0;
    expect(names(send({ kind: "resume", by: "operator" }))).toEqual(["i1"]);
  });

  it("asks to be woken for its probe, and not while the probe is out", () => {
    const { arrive, wait, wakeAt, world } = opened();
    arrive("i1");
    expect(wakeAt()).toBeLessThanOrEqual(10_000);

    wait(10_000);
    world.effects.length = 0;
    wait(60_000);
    expect(wakeAt()).toBe(Infinity);
  });

  it("probes with a lane that has not failed before those that have", () => {
    const { arrive, names, wait } = opened();
    arrive("i1");

    expect(names(wait(10_000))).toEqual(["i1"]);
  });

  it("probes with another lane after each failed probe, so that no poisoned key keeps it open", () => {
    const { arrive, names, wait, fail } = opened();
    arrive("i1", "j1");
    const probes: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const [probe = ""] = names(wait(10_000));
      expect(probe).not.toBe(probes.at(-1));
      probes.push(probe);
      fail(probe);
    }

    expect(new Set(probes)).toEqual(new Set(["i1", "j1", ...FIVE]));
  });

  it("charges neither a failed probe nor the time it is open", () => {
    const retry = {
      ...DEFAULTS.retry,
      maxAgeMs: 60_000,
      maxAttempts: { kind: "limited", count: 3 },
    } as const;
    const { names, wait, fail, open, world } = opened({ retry });
    for (let round = 0; round < 60; round += 1) {
      const [probe = ""] = names(wait(10_000));
      fail(probe);
      expect(open(probe).chargedCount).toBe(1);
    }

    expect(kinds(world.effects)).not.toContain("dead-letter");
  });

  it("has a probe's lane wait as long as its answer asked", () => {
    const { arrive, names, wait, end } = bench();
    arrive("a1");
    for (let count = 0; count < 5; count += 1) {
      end("a1", FAILED);
      wait(10_000);
    }
    end("a1", { ...FAILED, retryAfterMs: 45_000 });

    expect(names(wait(44_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("asks a dead target no more than once a second, however short its interval is", () => {
    const breaker = { ...DEFAULTS.breaker, halfOpenAfterMs: 1 };
    const { names, wait, fail } = opened({ breaker });
    let probes = 0;
    for (let ms = 0; ms < 60_000; ms += 50) {
      for (const probe of names(wait(50))) {
        probes += 1;
        fail(probe);
      }
    }

    expect(probes).toBeLessThanOrEqual(60);
  });

  it("tries again a second after a probe that was given up", () => {
    const { arrive, names, wait, end } = opened();
    arrive("i1");
    wait(10_000);
    end("i1", { kind: "abandoned", ambiguous: true });

    expect(names(wait(999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });

  it("is neither closed nor opened by answers to attempts from before it opened", () => {
    const { arrive, end, fail, wait, state } = bench();
    arrive(...KEYS);
    fail(...FIVE);
    end("f1");
    expect(state.hold.breaker.stage).toBe("open");

    arrive("i1");
    wait(10_000);
    end("i1");
    fail("g1", "h1");
    expect(state.hold.breaker.stage).toBe("slow-start");
    expect(state.hold.breaker.run.count).toBe(0);
  });

  it("goes on with one call in flight after a good probe, doubled each second up to the limit", () => {
    const made = opened({ concurrencyMax: 16, order: "none" });
    const { arrive, names, wait, state, world } = made;
    arrive(...Array.from({ length: 600 }, (_, index) => `-${index}`));
    const [probe = ""] = names(wait(10_000));
    const slots: number[] = [];
    let open = names(made.end(probe));
    while (state.hold.breaker.stage !== "closed") {
      slots.push(open.length);
      world.now += 1_000;
      open = open.flatMap((name) => names(made.end(name)));
      expect(state.inFlightCount).toBeLessThanOrEqual(2 ** slots.length);
    }

    expect(slots).toEqual([1, 2, 4]);
    expect(state.slotCount).toBe(8);
    expect(kinds(world.effects)).toContain("target-released");
  });

  it("gets no more slots in a slow start while most calls fail", () => {
    const { arrive, end, fail, names, wait, state, world } = opened({ order: "none" });
    arrive("-1", "-2", "-3", "-4");
    const [probe = ""] = names(wait(10_000));
    const [first = ""] = names(end(probe));
    const [second = ""] = names(fail(first));
    world.now += 1_000;
    const [third = ""] = names(end(second));
    expect(state.hold.breaker.slotsMax).toBe(1);

    end(third);
    expect(state.hold.breaker.slotsMax).toBe(2);
  });

  it("opens again in a slow start when the target fails again, and starts slowly again", () => {
    const made = opened({ order: "none" });
    const { arrive, names, wait, state } = made;
    arrive(...Array.from({ length: 600 }, (_, index) => `-${index}`));
    let open = names(made.end(names(wait(10_000))[0] ?? ""));
    while (state.hold.breaker.stage === "slow-start") {
      open = open.flatMap((name) => names(made.fail(name)));
    }
    expect(state.hold.breaker.stage).toBe("open");
    expect(names(wait(9_999))).toEqual([]);

    made.end(names(wait(1))[0] ?? "");
    expect(state.slotCount).toBe(1);
  });

  it("leaves a target alone that is down for ten minutes, gives nothing up, and comes back slowly", () => {
    const maxAttempts = { kind: "limited", count: 3 } as const;
    const target = new TargetLoop({ retry: { ...DEFAULTS.retry, maxAttempts } });
    target.run(2_000, { latency: () => 20 });
    const failures = (): number => target.ended.get("retry") ?? 0;
    target.run(5_000, { latency: () => 20, answer: () => FAILED });
    const atFirst = failures();
    target.run(595_000, { latency: () => 20, answer: () => FAILED });

    expect(atFirst).toBeLessThanOrEqual(2 * 64);
    expect(failures() - atFirst).toBeLessThanOrEqual(60);
    expect(target.bench.state.writingCount + target.bench.state.owing.length).toBe(0);
    while (target.bench.state.hold.breaker.stage !== "slow-start") {
      target.run(20, { latency: () => 20 });
    }
    for (const slots of [2, 4, 8]) {
      expect(target.run(1_000, { latency: () => 20 })).toBeLessThanOrEqual(slots);
    }
  });

  it("keeps a flapping target from full load", () => {
    const target = new TargetLoop({ retry: { ...DEFAULTS.retry, baseMs: 10, capMs: 100 } });
    const up = { latency: () => 20 };
    target.run(2_000, up);
    let most = 0;
    for (let round = 0; round < 30; round += 1) {
      target.run(2_000, { ...up, answer: () => FAILED });
      most = Math.max(most, target.run(2_000, up));
    }

    expect(most).toBeLessThanOrEqual(8);
  });

  it("keeps a throttled target's time after a probe that was throttled", () => {
    const { arrive, names, wait, end } = opened();
    arrive("i1");
    wait(10_000);
    end("i1", throttled(60_000));

    expect(names(wait(59_999))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });

  it("stays open over a change of owner", () => {
    const { arrive, names, own, send, state } = opened();
    send({ kind: "fenced" });
    own(7);

    expect(names(arrive("x1"))).toEqual([]);
    expect(state.hold.breaker.stage).toBe("open");
  });

  it("lets everything through after the slow start", () => {
    const made = opened();
    let effects = made.wait(10_000);
    for (let second = 0; second < 10; second += 1) {
      answerAll(made, effects);
      effects = [...made.wait(1_000), ...made.arrive(...KEYS.map((name) => `${name}${second}`))];
    }

    expect(made.state.hold.breaker.stage).toBe("closed");
    expect(made.names(effects)).toHaveLength(8);
  });
});
