import { describe, expect, it } from "vitest";

import {
  kinds,
  namedRecord,
  partition,
  REJECTED,
  setup,
  topic,
} from "../../../testing/engine-bench.ts";
import type { EngineConfig } from "../config.ts";
import type { Effect } from "../effect.ts";
import { asEpoch, asOffset, asRecordKey } from "../lanes/identity.ts";
import type { DetourFound } from "./detour.ts";
import type { AsideTakeover, MarkerKind } from "./marker.ts";
import type { RedriveRequest } from "./redrive.ts";

type Of<Kind extends Effect<string>["kind"]> = Extract<Effect<string>, { kind: Kind }>;

const all = <Kind extends Effect<string>["kind"]>(
  effects: readonly Effect<string>[],
  kind: Kind,
): Of<Kind>[] => effects.filter((effect): effect is Of<Kind> => effect.kind === kind);

const wish = (offset = 0, redriveCount = 0): RedriveRequest => ({
  ...{ topic, partition, key: asRecordKey("a"), offset: asOffset(offset), redriveCount },
});

/** How these events ended: `<event> <outcome>`. */
const ends = (effects: readonly Effect<string>[]): string[] =>
  all(effects, "settled").map(({ delivery, outcome }) => `${delivery.payload} ${outcome}`);

function left(kind: MarkerKind, more: Partial<AsideTakeover> = {}): AsideTakeover {
  const names = { lane: "a", epoch: asEpoch(1), firstEpoch: asEpoch(1), offset: asOffset(0) };
  const marker = { kind, ...names, redriveCount: 0, keyCount: 1 };
  return { marker, next: asOffset(0), cursor: null, dropBelow: null, ...more };
}

/** An engine whose key `a` is in quarantine: `a0` is dead-lettered, `a1` and `a2` are parked; nothing is committed. */
function quarantined(config: Partial<EngineConfig> = {}) {
  const bench = setup(config);
  const { arrive, answer, end, send, world } = bench;
  arrive("a0", "a1", "a2");
  answer(answer(answer(end("a0", REJECTED))));
  return {
    ...{ bench, world },
    redrive: (of = wish()) => send({ kind: "redrive", ...of }),
    discard: (below: number, of = wish()) =>
      send({ kind: "discard", ...of, below: asOffset(below) }),
    /** The log says what was written last of detours, or does not. */
    note: (how: "failed" | "written" = "written") =>
      send({ kind: `progress-${how}`, id: all(world.effects, "progress").at(-1)?.id ?? -1 }),
    /** Commits what there is to be committed. */
    commit: () => [...bench.acknowledge(), ...bench.wait(25), ...bench.acknowledge()],
    /** Answers the last reading. */
    find: (names: readonly string[], more: Partial<DetourFound<string>> = {}) => {
      const detour = all(world.effects, "read-detour").at(-1)?.detour;
      if (detour === undefined) throw new Error("nothing is read");
      const records = names.map((name) => namedRecord(name, Number(name.slice(1))));
      const found = { detour, records, cursor: null, isEnd: true, ahead: null };
      return send({ kind: "detour-found", ...found, ...more });
    },
  };
}

/** The same once `a0` was dropped, and `a1` given up behind it: `a` is in quarantine for `a1`. */
function givenUpBehindDrop(): ReturnType<typeof quarantined> {
  const world = quarantined();
  const { bench, commit, discard, find, note } = world;
  commit();
  discard(1);
  note();
  find(["a0"], { isEnd: false });
  find(["a1", "a2"]);
  bench.answer(bench.answer(bench.end("a1", REJECTED)));
  return world;
}

describe("a discard", () => {
  it("drops nothing before the log says so", () => {
    const { discard, note, commit, bench } = quarantined();
    commit();

    const effects = discard(1);
    expect(all(effects, "progress")).toMatchObject([{ entries: [{ next: 0, dropBelow: 1 }] }]);
    note("failed");
    expect(all(bench.world.effects, "read-detour")).toEqual([]);
    bench.wait(1_000);

    expect(all(note(), "read-detour")).toMatchObject([{ from: 0, below: 3 }]);
  });

  it("drops nothing before a commit covers it", () => {
    const { discard, note, bench } = quarantined();
    // The first commit left before the key's events settled.
    discard(1);
    expect(all(note(), "read-detour")).toEqual([]);
    expect(all(bench.acknowledge(), "read-detour")).toEqual([]);
    bench.wait(25);

    expect(all(bench.acknowledge(), "read-detour")).toMatchObject([{ from: 0, below: 3 }]);
  });

  it("waits for another commit where one fails", () => {
    const { discard, note, commit, bench } = quarantined();
    discard(1);
    note();
    bench.acknowledge();
    bench.wait(25);
    const id = bench.lastCommit()?.id ?? -1;
    const failed = bench.send({ kind: "commit-failed", id, isFenced: false });
    expect(all(failed, "read-detour")).toEqual([]);
    bench.wait(1_000);

    expect(all(commit(), "read-detour")).toHaveLength(1);
  });

  it("drops no more in one reading than a commit covers", () => {
    const { discard, note, commit, find, bench } = quarantined();
    commit();
    discard(9);
    note();
    bench.answer(bench.arrive("a3"));

    expect(ends(find(["a0"], { isEnd: false }))).toEqual(["a0 skipped"]);
    expect(all(bench.world.effects, "read-detour")).toHaveLength(1);
    expect(all(commit(), "read-detour")).toMatchObject([{ from: 1, below: 4 }]);
  });

  it("drops what is parked below its bound, and sends what is parked from there on", () => {
    const { discard, note, commit, find, bench } = quarantined();
    commit();
    discard(2);
    note();

    expect(ends(find(["a0"], { isEnd: false }))).toEqual(["a0 skipped"]);
    const effects = find(["a1", "a2"]);

    expect(ends(effects)).toEqual(["a1 skipped"]);
    expect(bench.names(effects)).toEqual(["a2"]);
    expect(kinds(bench.end("a2"))).toContain("release");
  });

  it("lets its key go on with what comes in where all is dropped", () => {
    const { discard, note, commit, find, bench } = quarantined();
    commit();
    discard(3);
    note();
    find(["a0"], { isEnd: false });

    const released = find(["a1", "a2"]);

    expect(kinds(released)).toContain("release");
    bench.answer(released);
    expect(bench.names(bench.arrive("a3"))).toEqual(["a3"]);
  });

  it("ends with its key in quarantine again where an event behind it is given up, which a redrive sends", () => {
    const { redrive, find, bench } = givenUpBehindDrop();

    redrive(wish(1));

    expect(bench.names(find(["a1"], { isEnd: false }))).toEqual(["a1"]);
  });

  it("of what was given up behind another drops nothing before the log says so either", () => {
    const { discard, note, commit, bench } = givenUpBehindDrop();
    commit();
    const readCount = all(bench.world.effects, "read-detour").length;

    discard(2, wish(1));
    expect(all(bench.world.effects, "read-detour")).toHaveLength(readCount);
    bench.wait(1_000);
    note();

    expect(all(bench.world.effects, "read-detour")).toHaveLength(readCount + 1);
  });

  it("changes nothing of a redrive that is under way, nor that one anything of it", () => {
    const one = quarantined();
    one.redrive();
    one.discard(3);
    expect(one.bench.names(one.find(["a0"], { isEnd: false }))).toEqual(["a0"]);

    const other = quarantined();
    other.commit();
    other.discard(3);
    other.redrive();
    other.note();
    expect(ends(other.find(["a0"], { isEnd: false }))).toEqual(["a0 skipped"]);
  });

  it("changes nothing of a dead letter that it does not name, nor of a key that is deferred", () => {
    const { discard, bench } = quarantined();
    expect(all(discard(3, wish(1)), "progress")).toEqual([]);
    expect(all(discard(3, wish(0, 1)), "progress")).toEqual([]);

    const deferred = setup();
    deferred.markers = [left("deferred")];
    deferred.own(2);
    deferred.send({ kind: "discard", ...wish(), below: asOffset(1) });
    const [owned] = deferred.state.partitions.values();
    expect(owned?.aside.get("a")?.dropBelow).toBeNull();
    expect(bench.names(bench.world.effects)).toEqual(["a0"]);
  });

  it("goes on as the redrive that an earlier owner had begun, which has sent the dead letter", () => {
    const bench = setup();
    bench.markers = [left("quarantine", { next: asOffset(1) })];
    bench.own(2);
    bench.arrive("a0", "a1");

    const effects = bench.send({ kind: "discard", ...wish(), below: asOffset(2) });

    expect(all(effects, "read-detour")).toMatchObject([{ from: 1 }]);
    const [owned] = bench.state.partitions.values();
    expect(owned?.aside.get("a")?.dropBelow).toBeNull();
  });

  it("of a blocked key has it in quarantine first, and settles its dead letter", () => {
    const { bench, discard, note, commit, find } = quarantined({ onDeadLetter: "block" });

    const marked = discard(1);
    expect(all(marked, "mark")).toMatchObject([{ marker: { kind: "quarantine", offset: 0 } }]);
    const parked = bench.answer(marked);
    expect(ends(parked)).toEqual(["a0 dead-lettered"]);
    bench.answer(parked);
    note();
    commit();
    expect(ends(find(["a0"], { isEnd: false }))).toEqual(["a0 skipped"]);
    commit();
    expect(bench.names(find(["a1", "a2"]))).toEqual(["a1"]);
  });

  it("is carried on by the next owner, whatever that is asked for", () => {
    const bench = setup();
    bench.markers = [left("quarantine", { dropBelow: asOffset(2) })];
    bench.own(2);
    bench.arrive("a0", "a1", "a2");
    bench.answer(bench.world.effects.filter(({ kind }) => kind === "park"));
    bench.send({ kind: "redrive", ...wish() });
    bench.acknowledge();
    bench.wait(25);
    bench.acknowledge();
    const detour = all(bench.world.effects, "read-detour").at(-1)?.detour;
    if (detour === undefined) throw new Error("nothing is read");
    const records = ["a0", "a1", "a2"].map((name, at) => namedRecord(name, at));

    const found = { detour, records, cursor: null, isEnd: true, ahead: null };
    const effects = bench.send({ kind: "detour-found", ...found });

    expect(ends(effects)).toEqual(["a0 skipped", "a1 skipped"]);
    expect(bench.names(effects)).toEqual(["a2"]);
  });

  it("makes room for events of a key that had as many parked as may be", () => {
    const { discard, note, commit, find, bench } = quarantined({
      bounds: { ...setup().state.config.bounds, parkedPerKeyMax: 2 },
    });
    bench.arrive("a3");
    const lane = () => [...bench.state.partitions.values()][0]?.lanes.get("a")?.state;
    expect(lane()).toBe("blocked");
    commit();
    discard(3);
    note();
    find(["a0"], { isEnd: false });

    const parked = find(["a1", "a2"], { isEnd: false });

    expect(lane()).toBe("parking");
    expect(all(parked, "park")).toHaveLength(1);
  });

  it("counts what is given up behind it no more among the parked", () => {
    const { discard, note, commit, find, bench } = quarantined({
      bounds: { ...setup().state.config.bounds, parkedPerKeyMax: 2 },
    });
    bench.arrive("a3");
    commit();
    discard(1);
    note();
    find(["a0", "a1"], { isEnd: false });

    const effects = bench.answer(bench.answer(bench.end("a1", REJECTED)));

    expect(all(effects, "park")).toHaveLength(1);
  });

  it("begins nothing in a drain, and goes on after it", () => {
    const { discard, note, commit, bench } = quarantined();
    commit();
    discard(1);
    bench.send({ kind: "drain" });
    expect(all(note(), "read-detour")).toEqual([]);

    expect(all(bench.own(2, "continued"), "read-detour")).toHaveLength(1);
  });
});
