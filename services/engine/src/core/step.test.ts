import { describe, expect, it } from "vitest";

import { DEEP_MS, DEEP_READY_SHARE, DEEP_TIMES, READY_MIN } from "./offsets/bounds.ts";
import { DEFAULTS } from "./config.ts";
import { asPartition } from "./lanes/identity.ts";
import { decodeDoneSet } from "./offsets/done-set.ts";
import { BUSY, FAILED, OK, partition, setup, topic } from "../../testing/engine-bench.ts";

describe("order per key", () => {
  it("sends one event of a key at a time and those of other keys beside it", () => {
    const { arrive, end, names } = setup();

    expect(names(arrive("a1", "a2", "b1", "a3"))).toEqual(["a1", "b1"]);
    expect(names(end("a1"))).toEqual(["a2"]);
    expect(names(end("a2"))).toEqual(["a3"]);
  });

  it("blocks later records of a key while its first delivery retries", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1", "a2", "b1");

    expect(names(end("a1", FAILED))).toEqual([]);
    expect(names(end("b1"))).toEqual([]);
    expect(names(wait(500))).toEqual(["a1"]);
    expect(names(end("a1"))).toEqual(["a2"]);
  });

  it("sends events without a key beside each other", () => {
    const { arrive, names } = setup();

    expect(names(arrive("-1", "-2"))).toEqual(["-1", "-2"]);
  });

  it("sends a whole partition in order when asked to", () => {
    const { arrive, end, names } = setup({ order: "partition" });

    expect(names(arrive("a1", "b1", "-1"))).toEqual(["a1"]);
    expect(names(end("a1"))).toEqual(["b1"]);
  });

  it("sends everything at once when nothing is ordered", () => {
    const { arrive, names } = setup({ order: "none" });

    expect(names(arrive("a1", "a2"))).toEqual(["a1", "a2"]);
  });

  it("forgets a lane once it is empty", () => {
    const { arrive, end, state } = setup();
    arrive("a1", "-1");
    end("a1");
    end("-1");

    const [owned] = state.partitions.values();
    expect(owned?.lanes.size).toBe(0);
    expect(owned?.looseLanes.size).toBe(0);
  });
});

describe("slots", () => {
  it("keeps no more in flight than the target takes", () => {
    const { arrive, end, names } = setup({ concurrencyMax: 2 });

    expect(names(arrive("a1", "b1", "c1"))).toEqual(["a1", "b1"]);
    expect(names(end("b1"))).toEqual(["c1"]);
  });

  it("uses its share of the slots by the partitions it owns, and at least one", () => {
    const { state, send } = setup({ concurrencyMax: 8 });
    const owned = { kind: "continued", topic, partition } as const;

    send({ kind: "assigned", generation: 2, partitions: [owned], partitionCount: 4 });
    expect(state.slotCount).toBe(2);
    send({ kind: "assigned", generation: 3, partitions: [owned], partitionCount: 100 });
    expect(state.slotCount).toBe(1);
  });

  it("gives retries at most half of the slots while first attempts wait", () => {
    const { arrive, end, names, wait, world } = setup({ concurrencyMax: 4 });
    arrive("a1", "b1", "c1", "d1");
    for (const name of ["a1", "b1", "c1", "d1"]) end(name, FAILED);
    world.now += 1_000;

    const started = names(arrive("e1", "f1", "g1"));
    expect(started.filter((name) => "efg".includes(name.charAt(0)))).toHaveLength(2);
    expect(started).toHaveLength(4);
    expect(names(wait(0))).toEqual([]);
  });

  it("serves retries and first attempts in turn through a single slot", () => {
    const { arrive, end, wait, world, names } = setup({ concurrencyMax: 1 });
    arrive("a1", "b1");
    end("a1", FAILED);
    end("b1", FAILED);
    arrive("c1", "d1", "e1");
    end("c1", FAILED);
    world.now += 600_000;
    const order: string[] = [];
    for (let [name] = names(end("d1")); name !== undefined; [name] = names(end(name, OK))) {
      order.push(name);
    }
    expect(names(wait(0))).toEqual([]);

    expect(order.map((name) => "abc".includes(name.charAt(0)))).toEqual([true, false, true, true]);
  });

  it("leaves tokens for first attempts while retries wait for them too", () => {
    const rate = { kind: "limited", perSecond: 10, burst: 8 } as const;
    const { arrive, end, names, wait } = setup({ rate });
    wait(1_000);
    for (const name of names(arrive(...Array.from("abcdefgh")))) end(name, BUSY);
    wait(100);
    arrive(...Array.from("stuvwxyz"));

    const started: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      for (const name of names(wait(100))) {
        started.push(name);
        end(name, BUSY);
      }
    }

    expect(started.filter((name) => "stuvwxyz".includes(name)).length).toBeGreaterThanOrEqual(4);
  });

  it("starts no more than the rate allows and goes on when a token comes", () => {
    const { arrive, names, wait } = setup({ rate: { kind: "limited", perSecond: 10, burst: 1 } });

    expect(names(arrive("a1", "b1"))).toEqual(["a1"]);
    expect(names(wait(99))).toEqual([]);
    expect(names(wait(1))).toEqual(["b1"]);
  });
});

describe("retries", () => {
  it("wakes for the next attempt within the doubled bound", () => {
    const { arrive, end, world } = setup();
    arrive("a1");
    end("a1", FAILED);

    const wake = world.effects.findLast((effect) => effect.kind === "wake");
    expect(wake?.at).toBeLessThanOrEqual(500);
  });

  it("waits at least as long as Retry-After says", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", { ...FAILED, retryAfterMs: 9_000 });

    expect(names(wait(8_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("dead-letters once the horizon is over", () => {
    const { arrive, end, wait } = setup({ retry: { ...DEFAULTS.retry, maxAgeMs: 1_000 } });
    arrive("a1");
    end("a1", FAILED);
    wait(1_000);

    expect(end("a1", FAILED)).toContainEqual(
      expect.objectContaining({
        kind: "dead-letter",
        why: { reason: "RETRIES_EXHAUSTED", detail: "HTTP 503" },
      }),
    );
  });

  it("dead-letters after the last allowed attempt", () => {
    const maxAttempts = { kind: "limited", count: 2 } as const;
    const { arrive, end, wait } = setup({ retry: { ...DEFAULTS.retry, maxAttempts } });
    arrive("a1");

    expect(end("a1", FAILED).map((effect) => effect.kind)).not.toContain("dead-letter");
    wait(1_000);
    expect(end("a1", FAILED).map((effect) => effect.kind)).toContain("dead-letter");
  });

  it("charges nothing for an attempt that we gave up ourselves", () => {
    const { arrive, end, names, open } = setup();
    arrive("a1");

    expect(names(end("a1", { kind: "abandoned", ambiguous: true }))).toEqual(["a1"]);
    expect(open("a1")).toMatchObject({ attemptCount: 2, chargedCount: 0, wasAmbiguous: true });
  });
});

describe("dead letters", () => {
  it("settles only when the write is acknowledged, then goes on with the key", () => {
    const { arrive, end, send, names, open, state } = setup({ onDeadLetter: "skip" });
    arrive("a1", "a2");
    end("a1", { kind: "rejected", reason: "HTTP_REJECTED", status: 422 });
    const [owned] = state.partitions.values();
    expect(owned?.tracker.committable).toBe(0);

    const effects = send({ kind: "dead-letters-written", deliveries: [open("a1")] });

    expect(names(effects)).toEqual(["a2"]);
    expect(owned?.tracker.committable).toBe(1);
  });

  it("asks again when the write failed", () => {
    const { arrive, end, send, open } = setup();
    arrive("a1");
    end("a1", { kind: "rejected", reason: "HTTP_REJECTED", status: 400 });

    const effects = send({ kind: "dead-letters-failed", deliveries: [open("a1")] });

    expect(effects.map((effect) => effect.kind)).toContain("dead-letter");
  });

  it("makes no call of an event that cannot be delivered, in its turn", () => {
    const { arrive, end } = setup();
    expect(arrive("a1", "a!").map((effect) => effect.kind)).not.toContain("dead-letter");

    expect(end("a1").map((effect) => effect.kind)).toContain("dead-letter");
  });
});

describe("bounds", () => {
  const bounds = { ...DEFAULTS.bounds, unsettledMax: 5 };

  it("pauses fetching at the bound of unsettled records and resumes below it", () => {
    const { arrive, end } = setup({ bounds, concurrencyMax: 1 });

    expect(arrive(...Array.from("abcde")).map((effect) => effect.kind)).toContain("pause-fetch");
    expect(end("a").map((effect) => effect.kind)).not.toContain("resume-fetch");
    expect(end("b").map((effect) => effect.kind)).toContain("resume-fetch");
  });

  it("shares what the target may hold among its partitions", () => {
    const { send, assigned, arrive, paused } = setup({
      bounds: { ...DEFAULTS.bounds, targetUnsettledMax: 8 },
    });
    const partitions = [0, 1, 2, 3].map((id) => assigned("taken", asPartition(id), 2 + id));
    send({ kind: "assigned", generation: 2, partitions, partitionCount: 4 });
    arrive("a1");
    expect(paused()[0]).toBe(false);

    arrive("b1");
    expect(paused()[0]).toBe(true);

    const alone = [assigned("continued", partition, 2)];
    const effects = send({ kind: "assigned", generation: 3, partitions: alone, partitionCount: 4 });
    expect(effects.map(({ kind }) => kind)).toContain("resume-fetch");
  });

  it("takes nothing in while enough lanes wait for a slot, and goes on when half of them are gone", () => {
    const { arrive, end, send, assigned, paused } = setup({ concurrencyMax: 1 });
    const partitions = [assigned("continued", partition, 1), assigned("taken", asPartition(1), 3)];
    send({ kind: "assigned", generation: 2, partitions, partitionCount: 2 });
    const names = Array.from({ length: READY_MIN + 1 }, (_, index) => `-${index}`);

    arrive(...names);
    expect(paused()).toEqual([true, true]);

    for (const name of names.slice(0, READY_MIN / 2)) end(name);
    expect(paused()).toEqual([true, true]);
    end(names[READY_MIN / 2] ?? "");
    expect(paused()).toEqual([false, false]);
  });

  it("takes nothing in for few keys while some wait with their next events behind them, until half of those are gone", () => {
    const keyCount = 1 + DEEP_READY_SHARE * READY_MIN;
    const heldMax = DEEP_TIMES * READY_MIN;
    const { arrive, end, paused } = setup({ concurrencyMax: 1 });
    const names = Array.from({ length: heldMax }, (_, index) => {
      return `${String.fromCodePoint(97 + (index % keyCount))}${index}`;
    });

    arrive(...names.slice(0, -1));
    expect(paused()).toEqual([false]);
    arrive(names[heldMax - 1] ?? "");
    expect(paused()).toEqual([true]);

    for (const name of names.slice(0, heldMax / 2)) end(name);
    expect(paused()).toEqual([true]);
    end(names[heldMax / 2] ?? "");
    expect(paused()).toEqual([false]);
  });

  it("takes more in again when what few keys have does not go down, as quicker ones may be behind them", () => {
    const keys = "abcdefghijklmnopqrstuvwxyz".slice(0, 1 + DEEP_READY_SHARE * READY_MIN);
    const { arrive, paused, wait } = setup({ concurrencyMax: 1 });
    arrive(...Array.from(keys.repeat(DEEP_TIMES * READY_MIN)).slice(0, 1_000));

    wait(DEEP_MS - 1);
    expect(paused()).toEqual([true]);
    wait(1);
    expect(paused()).toEqual([false]);
  });

  it("takes more in for keys that are fewer still, as another key may come", () => {
    const { arrive, paused } = setup({ concurrencyMax: 1 });
    const keys = "abcdefghijklmnopqrstuvwxyz".slice(0, DEEP_READY_SHARE * READY_MIN);

    arrive(...Array.from(keys.repeat(DEEP_TIMES * READY_MIN)).slice(0, 1_000));

    expect(paused()).toEqual([false]);
  });

  it("pauses fetching when one slow key holds the commit too far back", () => {
    const { arrive, end, paused } = setup({ bounds: { ...DEFAULTS.bounds, spanMax: 3 } });
    arrive("a1", "b1", "c1");
    end("b1");
    end("c1");

    expect(paused()).toEqual([true]);
  });

  it("pauses fetching before the done set outgrows the commit's metadata", () => {
    const { arrive, end, state, world, names } = setup({ concurrencyMax: 10_000 });
    const mixed = Array.from({ length: 1_000 }, (_, index) => [`-${index}`, "~"]).flat();
    const kinds = arrive(...mixed).map((effect) => effect.kind);
    const held = names(world.effects);
    for (const name of held.slice(1).filter((_, index) => index % 2 === 0)) end(name);

    const [owned] = state.partitions.values();
    const metadata = owned?.tracker.metadata() ?? "";
    expect(kinds).toContain("pause-fetch");
    expect(decodeDoneSet(metadata, 0, 1e9).at(-1)?.to).toBe(2_000);
  });

  it("drops records it already has", () => {
    const { arrive, world, names } = setup();
    arrive("a1", "b1");
    world.offset = 0;

    expect(names(arrive("a1", "b1", "c1"))).toEqual(["c1"]);
  });
});
