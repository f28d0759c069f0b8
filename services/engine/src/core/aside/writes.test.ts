import { describe, expect, it } from "vitest";

import { kinds, REJECTED, setup, type EngineBench } from "../../../testing/engine-bench.ts";
import { DEFAULTS } from "../config.ts";
import type { Effect } from "../effect.ts";
import { asEpoch, asOffset } from "../lanes/identity.ts";
import type { AsideTakeover, MarkerKind } from "./marker.ts";
import { PARK_COUNT_MAX } from "./writes.ts";

/** Rejects an event, and has its dead letter and marker acknowledged; gives what follows. */
function deadLetter({ end, answer }: EngineBench, name: string): readonly Effect<string>[] {
  return answer(answer(end(name, REJECTED)));
}

/** Names of the events that these effects park, run by run. */
function parked(effects: readonly Effect<string>[]): string[][] {
  return effects.flatMap((effect) =>
    effect.kind === "park" ? [effect.deliveries.map(({ payload }) => payload)] : [],
  );
}

/** Names and outcomes of what these effects settle. */
function settled(effects: readonly Effect<string>[]): string[] {
  return effects.flatMap((effect) =>
    effect.kind === "settled" ? [`${effect.delivery.payload} ${effect.outcome}`] : [],
  );
}

function marker(kind: MarkerKind, at: number): AsideTakeover {
  const offset = asOffset(at);
  const epoch = asEpoch(1);
  return {
    marker: { kind, lane: "a", epoch, firstEpoch: epoch, offset, redriveCount: 0, keyCount: 1 },
    next: offset,
    cursor: null,
    dropBelow: null,
  };
}

describe("a quarantine", () => {
  it("is marked before the dead-lettered event settles", () => {
    const { arrive, end, answer } = setup();
    arrive("a1");
    const written = answer(end("a1", REJECTED));
    expect(settled(written)).toEqual([]);
    expect(written).toMatchObject([
      { kind: "mark", marker: { kind: "quarantine", lane: "a", epoch: 1, offset: 0 } },
    ]);

    expect(settled(answer(written))).toEqual(["a1 dead-lettered"]);
  });

  it("parks what waits behind the dead letter in one run, in order, and settles it once written", () => {
    const bench = setup();
    bench.arrive("a1", "a2", "a!", "b1", "a4");

    const effects = deadLetter(bench, "a1");

    expect(parked(effects)).toEqual([["a2", "a!", "a4"]]);
    expect(settled(bench.answer(effects))).toEqual(["a2 parked", "a! parked", "a4 parked"]);
  });

  it("parks later events of its key and delivers those of others", () => {
    const bench = setup();
    bench.arrive("a1");
    deadLetter(bench, "a1");

    const effects = bench.arrive("a2", "b1", "a3");

    expect(bench.names(effects)).toEqual(["b1"]);
    expect(parked(effects)).toEqual([["a2", "a3"]]);
  });

  it("parks no more than a bounded run at once", () => {
    const bench = setup();
    bench.arrive("a0", ...Array.from({ length: PARK_COUNT_MAX + 1 }, (_, n) => `a${n + 1}`));

    const first = deadLetter(bench, "a0");
    const second = bench.answer(first);

    expect(parked(first)[0]).toHaveLength(PARK_COUNT_MAX);
    expect(parked(second)).toEqual([[`a${PARK_COUNT_MAX + 1}`]]);
  });

  it("asks again for a marker that could not be written, not for the dead letter", () => {
    const { arrive, end, answer } = setup();
    arrive("a1");

    expect(kinds(answer(answer(end("a1", REJECTED)), "failed"))).toEqual(["mark"]);
  });

  it("asks again for a run that could not be parked, with what came meanwhile", () => {
    const bench = setup();
    bench.arrive("a1", "a2");
    const effects = deadLetter(bench, "a1");
    bench.arrive("a3");

    expect(parked(bench.answer(effects, "failed"))).toEqual([["a2", "a3"]]);
  });

  it("is not for events without a key, nor where nothing is ordered", () => {
    const bench = setup();
    bench.arrive("-1");
    expect(settled(bench.answer(bench.end("-1", REJECTED)))).toEqual(["-1 dead-lettered"]);

    const unordered = setup({ order: "none" });
    unordered.arrive("a1");
    const effects = unordered.answer(unordered.end("a1", REJECTED));
    expect(settled(effects)).toEqual(["a1 dead-lettered"]);
  });

  it("leaves no lane behind once all is parked", () => {
    const bench = setup();
    bench.arrive("a1", "a2");
    bench.answer(deadLetter(bench, "a1"));

    const [owned] = bench.state.partitions.values();
    expect(owned?.lanes.size).toBe(0);
    expect(owned?.aside.size).toBe(1);
  });

  it("goes on under a new owner: what it settled is not sent again, what comes later is parked", () => {
    const bench = setup();
    bench.markers = [marker("quarantine", 1)];
    bench.own(2);

    const effects = bench.arrive("a0", "a1", "a2", "b3");

    expect(parked(effects)).toEqual([["a2"]]);
    expect(bench.names(effects)).toEqual(["b3"]);
    const [owned] = bench.state.partitions.values();
    expect(owned?.tracker.committable).toBe(2);
  });
});

describe("a drain", () => {
  it("ends what a rejected attempt began: its dead letter and its marker", () => {
    const { arrive, end, send, answer, acknowledge } = setup();
    arrive("a1");
    send({ kind: "drain" });

    expect(settled(answer(answer(end("a1", REJECTED))))).toEqual(["a1 dead-lettered"]);
    expect(kinds(acknowledge())).toContain("drained");
  });

  it("begins no parking, and takes it up after", () => {
    const bench = setup();
    bench.arrive("a1");
    deadLetter(bench, "a1");
    bench.acknowledge();
    bench.send({ kind: "drain" });

    expect(parked(bench.arrive("a2"))).toEqual([]);
    expect(parked(bench.own(2, "continued"))).toEqual([["a2"]]);
  });

  it("waits for a run that is being parked", () => {
    const bench = setup();
    bench.arrive("a1", "a2");
    const effects = deadLetter(bench, "a1");
    bench.acknowledge();
    expect(kinds(bench.send({ kind: "drain" }))).not.toContain("drained");

    bench.answer(effects);

    expect(kinds(bench.acknowledge())).toContain("drained");
  });
});

describe("an ended epoch", () => {
  it("drops markers and runs that are acknowledged after it", () => {
    const bench = setup();
    bench.arrive("a1", "b1", "b2");
    const mark = bench.answer(bench.end("a1", REJECTED));
    const park = deadLetter(bench, "b1");
    bench.send({ kind: "fenced" });

    expect(bench.answer([...mark, ...park])).toEqual([]);
    expect(bench.state.writingCount).toBe(0);
    expect(bench.state.owing.length).toBe(0);
  });
});

describe("blocking", () => {
  const block = { onDeadLetter: "block" } as const;

  it("writes dead letter and marker, settles nothing, and lets nothing of the key pass", () => {
    const bench = setup(block);
    bench.arrive("a1", "a2");

    const effects = deadLetter(bench, "a1");

    expect(kinds(effects)).toEqual(["blocked"]);
    expect(bench.names(bench.arrive("a3", "b1"))).toEqual(["b1"]);
    const [owned] = bench.state.partitions.values();
    expect(owned?.tracker.committable).toBe(0);
  });

  it("pauses fetching once the bound is full of what waits", () => {
    const bench = setup({ ...block, bounds: { ...DEFAULTS.bounds, unsettledMax: 3 } });
    bench.arrive("a1");
    deadLetter(bench, "a1");

    expect(kinds(bench.arrive("a2", "a3"))).toContain("pause-fetch");
  });

  it("stays under a new owner, which makes no attempt and writes nothing", () => {
    const bench = setup(block);
    bench.markers = [marker("block", 1)];
    bench.own(2);

    const effects = bench.arrive("a0", "a1", "a2");

    expect(kinds(effects)).toEqual(["blocked", "commit"]);
    const [owned] = bench.state.partitions.values();
    expect(owned?.tracker.committable).toBe(1);
  });

  it("is what a quarantine does in a partition that is delivered in order", () => {
    const bench = setup({ order: "partition" });
    bench.arrive("a1", "b1");

    const marked = bench.answer(bench.end("a1", REJECTED));

    expect(marked).toMatchObject([{ kind: "mark", marker: { kind: "block", lane: "" } }]);
    expect(kinds(bench.answer(marked))).toEqual(["blocked"]);
  });

  it("is what follows when as many keys are in quarantine as may be", () => {
    const bench = setup({ bounds: { ...DEFAULTS.bounds, quarantinedKeysMax: 1 } });
    bench.arrive("a1", "b1", "b2");
    deadLetter(bench, "a1");

    expect(kinds(deadLetter(bench, "b1"))).toEqual(["blocked"]);
  });

  it("is what follows when as many events of a key are parked as may be", () => {
    const bench = setup({ bounds: { ...DEFAULTS.bounds, parkedPerKeyMax: 2 } });
    bench.arrive("a1", "a2", "a3", "a4");

    const first = deadLetter(bench, "a1");
    const then = bench.answer(first);

    expect(parked(first)).toEqual([["a2", "a3"]]);
    expect(parked(then)).toEqual([]);
    expect(then).toContainEqual(expect.objectContaining({ kind: "blocked" }));
  });
});
