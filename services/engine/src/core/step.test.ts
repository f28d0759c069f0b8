import { describe, expect, it } from "vitest";

import type { AttemptResult } from "./attempt-result.ts";
import { DEFAULTS, type EngineConfig } from "./config.ts";
import type { Delivery } from "./delivery.ts";
import { decodeDoneSet } from "./done-set.ts";
import type { Effect } from "./effect.ts";
import { asEpoch, asOffset, asPartition, asRecordKey, asTopic } from "./identity.ts";
import type { Input } from "./input.ts";
import { createState } from "./state.ts";
import { step } from "./step.ts";

const topic = asTopic("users");
const partition = asPartition(0);
const FAILED: AttemptResult = {
  kind: "retry",
  reason: "HTTP_STATUS",
  status: 503,
  ambiguous: true,
  retryAfterMs: null,
};
const OK: AttemptResult = { kind: "delivered", status: 204 };

/** One engine with one partition, driven by hand; time stands still unless moved. */
function setup(config: Partial<EngineConfig> = {}, committed = { offset: 0, metadata: "" }) {
  const state = createState<string>({ ...DEFAULTS, ...config }, 0);
  const world = { now: 0, offset: committed.offset, effects: [] as Effect<string>[] };
  const send = (input: Input<string>): readonly Effect<string>[] => {
    const moment = { now: world.now, wallNow: 1_000_000 + world.now, entropy: world.now };
    const effects = step(state, input, moment);
    world.effects.push(...effects);
    return effects;
  };
  const own = (generation: number, kind: "taken" | "continued" = "taken") =>
    send({
      kind: "assigned",
      generation,
      partitionCount: 1,
      partitions: [
        {
          kind,
          topic,
          partition,
          epoch: asEpoch(generation),
          committed: { offset: asOffset(committed.offset), metadata: committed.metadata },
          logEndOffset: asOffset(1_000_000),
        },
      ],
    });
  /** Records named `<key><n>`; `-` is a null key, `!` undeliverable, `~` filtered out. */
  const arrive = (...names: string[]) =>
    send({
      kind: "records",
      topic,
      partition,
      records: names.map((payload) => {
        const offset = asOffset(world.offset++);
        if (payload.startsWith("~")) return { kind: "filtered", offset };
        const key = payload.startsWith("-") ? null : asRecordKey(payload.charAt(0));
        const verdict = payload.endsWith("!")
          ? { kind: "undeliverable" as const, reason: "DECODE_FAILED" as const, detail: "bad" }
          : { kind: "deliver" as const };
        return { kind: "matched", offset, key, bytes: 100, verdict, payload };
      }),
    });
  const attempts = (effects: readonly Effect<string>[] = world.effects) =>
    effects.flatMap((effect) => (effect.kind === "attempt" ? [effect.delivery] : []));
  const open = (name: string): Delivery<string> => {
    const found = attempts().findLast((delivery) => delivery.payload === name);
    if (found === undefined) throw new Error(`${name} was never attempted`);
    return found;
  };
  const end = (name: string, result: AttemptResult = OK) =>
    send({ kind: "attempts-ended", ends: [{ delivery: open(name), result }] });
  const lastCommit = () => {
    const commits = world.effects.filter((effect) => effect.kind === "commit");
    const last = commits.at(-1);
    return last && { ...last, ...last.commits[0] };
  };
  const acknowledge = () => send({ kind: "commit-acknowledged", id: lastCommit()?.id ?? -1 });
  const wait = (ms: number) => {
    world.now += ms;
    return send({ kind: "tick" });
  };
  const names = (effects: readonly Effect<string>[]) => attempts(effects).map((d) => d.payload);
  own(1);
  return { state, world, send, own, arrive, end, open, names, lastCommit, acknowledge, wait };
}

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

describe("holds of the whole target", () => {
  it("pauses all keys while the target throttles, and charges nothing", () => {
    const { arrive, end, names, wait, open } = setup();
    arrive("a1");
    end("a1", { kind: "throttled", status: 429, retryAfterMs: 5_000 });

    expect(names(arrive("b1"))).toEqual([]);
    expect(names(wait(4_999))).toEqual([]);
    expect(names(wait(1)).sort()).toEqual(["a1", "b1"]);
    expect(open("a1").chargedCount).toBe(0);
  });

  it("caps Retry-After at 15 minutes", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", { kind: "throttled", status: 429, retryAfterMs: 31_536_000_000 });

    expect(names(wait(900_000))).toEqual(["a1"]);
  });

  it("tries a misconfigured target with one attempt at a time until one gets through", () => {
    const { arrive, end, names, wait, world } = setup({ concurrencyMax: 4 });
    const refused = {
      kind: "misconfigured",
      reason: "HTTP_UNAUTHORIZED",
      status: 401,
      detail: "",
    } as const;
    arrive("a1");
    end("a1", refused);
    expect(names(arrive("b1", "c1"))).toEqual([]);

    const [probe = ""] = names(wait(30_000));
    expect(names(end(probe, refused))).toEqual([]);
    const [next = ""] = names(wait(30_000));

    expect(names(end(next)).length).toBe(2);
    expect(world.effects.map((effect) => effect.kind)).toContain("target-released");
  });
});

describe("dead letters", () => {
  it("settles only when the write is acknowledged, then goes on with the key", () => {
    const { arrive, end, send, names, open, state } = setup();
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

describe("commits", () => {
  it("commits the lowest unsettled offset with what is done above it", () => {
    const { arrive, end, lastCommit, acknowledge, wait } = setup();
    arrive("a1", "b1", "c1");
    end("c1");
    expect(lastCommit()).toMatchObject({ offset: 0 });
    acknowledge();
    end("a1");
    wait(25);

    const commit = lastCommit();
    expect(commit).toMatchObject({ offset: 1, generation: 1 });
    expect(decodeDoneSet(commit?.metadata ?? "", 1, 100)).toEqual([{ from: 2, to: 3 }]);
  });

  it("has one commit in flight, and the next not before the interval", () => {
    const { arrive, end, acknowledge, wait, world } = setup();
    const count = (): number => world.effects.filter((effect) => effect.kind === "commit").length;
    arrive("a1", "b1", "c1");
    end("a1");
    end("b1");
    expect(count()).toBe(1);
    wait(100);
    expect(count()).toBe(1);

    acknowledge();
    expect(count()).toBe(2);
    end("c1");
    acknowledge();
    expect(count()).toBe(2);
    wait(25);
    expect(count()).toBe(3);
  });

  it("commits again what a failed commit covered", () => {
    const { arrive, end, send, lastCommit, wait } = setup();
    arrive("a1");
    end("a1");
    const first = lastCommit();
    send({ kind: "commit-failed", id: first?.id ?? -1, isFenced: false });
    wait(1_000);

    expect(lastCommit()).toMatchObject({ offset: 1 });
    expect(lastCommit()?.id).not.toBe(first?.id);
  });

  it("does not take a late answer to an old commit for the new one's", () => {
    const { arrive, end, send, lastCommit, state, own } = setup();
    arrive("a1");
    end("a1");
    const old = lastCommit()?.id ?? -1;
    send({ kind: "fenced" });
    own(3);
    arrive("b1");
    end("b1");

    send({ kind: "commit-acknowledged", id: old });

    expect(state.committing).not.toBeNull();
  });

  it("settles what an earlier owner had done, without a call", () => {
    const metadata = "millrace/1:AQIBAQ";
    const { arrive, names } = setup({}, { offset: 10, metadata });

    expect(names(arrive("a0", "b1", "c2", "d3", "e4", "f5"))).toEqual(["a0", "d3", "f5"]);
  });

  it("commits past filtered records", () => {
    const { arrive, lastCommit } = setup();
    arrive("~1", "~2");

    expect(lastCommit()).toMatchObject({ offset: 2 });
  });
});

describe("bounds", () => {
  const bounds = { ...DEFAULTS.bounds, unsettledMax: 4 };

  it("pauses fetching at the bound of unsettled records and resumes below it", () => {
    const { arrive, end } = setup({ bounds, concurrencyMax: 1 });

    expect(arrive("a1", "b1", "c1", "d1").map((effect) => effect.kind)).toContain("pause-fetch");
    expect(end("a1").map((effect) => effect.kind)).not.toContain("resume-fetch");
    expect(end("b1").map((effect) => effect.kind)).toContain("resume-fetch");
  });

  it("pauses fetching when one slow key holds the commit too far back", () => {
    const { arrive, end, state } = setup({ bounds: { ...DEFAULTS.bounds, spanMax: 3 } });
    arrive("a1", "b1", "c1");
    end("b1");
    end("c1");

    const [owned] = state.partitions.values();
    expect(owned?.isFetchPaused).toBe(true);
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

describe("rebalances", () => {
  it("drains: starts nothing, waits for what is open, commits, then says so", () => {
    const { arrive, send, end, acknowledge, lastCommit } = setup();
    arrive("a1", "a2");
    expect(send({ kind: "drain" }).map((effect) => effect.kind)).not.toContain("drained");

    const effects = end("a1");

    expect(effects.map((effect) => effect.kind)).toContain("commit");
    expect(effects.map((effect) => effect.kind)).not.toContain("attempt");
    expect(lastCommit()).toMatchObject({ offset: 1 });
    expect(acknowledge().map((effect) => effect.kind)).toContain("drained");
  });

  it("goes on where it stood with a partition it keeps", () => {
    const { arrive, send, end, own, names, acknowledge } = setup();
    arrive("a1", "a2");
    send({ kind: "drain" });
    end("a1");
    acknowledge();

    expect(names(own(2, "continued"))).toEqual(["a2"]);
  });

  it("drops what an ended epoch still produces", () => {
    const { arrive, send, end, state, lastCommit } = setup();
    arrive("a1", "b1");
    send({ kind: "fenced" });

    expect(end("a1")).toEqual([]);
    expect(state.inFlightCount).toBe(1);
    expect(lastCommit()).toBeUndefined();
  });

  it("sends again what a fence left open, once it owns the partition anew", () => {
    const { arrive, send, own, names, world } = setup();
    arrive("a1");
    send({ kind: "fenced" });
    expect(names(own(3))).toEqual([]);
    world.offset = 0;

    expect(names(arrive("a1"))).toEqual(["a1"]);
  });
});
