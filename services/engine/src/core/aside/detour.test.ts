import { describe, expect, it } from "vitest";

import {
  FAILED,
  kinds,
  OK,
  REJECTED,
  setup,
  type EngineBench,
} from "../../../testing/engine-bench.ts";
import type { DetourFound, DetourReading } from "./detour.ts";
import { DETOURS_MAX } from "./detour.ts";
import { DEFAULTS, type EngineConfig } from "../config.ts";
import type { NewRecord } from "../lanes/delivery.ts";
import type { Effect } from "../effect.ts";
import { asEpoch, asOffset, asRecordKey } from "../lanes/identity.ts";
import type { AsideTakeover, Marker, MarkerKind } from "./marker.ts";
import type { RedriveRequest } from "./redrive.ts";
import { partition, topic } from "../../../testing/engine-bench.ts";

type Reading = DetourReading<string>;

const readings = (effects: readonly Effect<string>[]): Reading[] =>
  effects.flatMap((effect) => (effect.kind === "read-detour" ? [effect] : []));

const record = (payload: string, offset: number): NewRecord<string> => {
  if (payload.startsWith("~")) return { kind: "filtered", offset: asOffset(offset) };
  return {
    kind: "matched",
    offset: asOffset(offset),
    key: asRecordKey(payload.charAt(0)),
    bytes: 100,
    verdict: { kind: "deliver" },
    payload,
  };
};

const wish = (
  key: string,
  { offset = asOffset(0), redriveCount = 0 }: Partial<Marker> = {},
): RedriveRequest => ({ topic, partition, key: asRecordKey(key), offset, redriveCount });

/** A key `a` in quarantine: `a0` is dead-lettered, `a1` and so on are parked. */
class Quarantined {
  readonly bench: EngineBench;

  constructor(config: Partial<EngineConfig> = {}, parkedCount = 2) {
    this.bench = setup(config);
    const { arrive, answer, end } = this.bench;
    arrive("a0", ...Array.from({ length: parkedCount }, (_, index) => `a${index + 1}`));
    answer(answer(answer(end("a0", REJECTED))));
  }

  readonly redrive = (of: Partial<RedriveRequest> = {}): readonly Effect<string>[] =>
    this.bench.send({ kind: "redrive", ...wish("a", this.aside?.marker), ...of });

  /** Answers a reading with events by their offsets. */
  readonly find = (
    reading: Reading | undefined,
    events: Readonly<Record<number, string>>,
    more: Partial<DetourFound<string>> = {},
  ): readonly Effect<string>[] => {
    if (reading === undefined) throw new Error("nothing is read");
    const records = Object.entries(events).map(([at, name]) => record(name, Number(at)));
    const { detour } = reading;
    const found = { detour, records, cursor: asOffset(7), isEnd: true, ahead: null, ...more };
    return this.bench.send({ kind: "detour-found", ...found });
  };

  /** The last reading that was asked for. */
  get reading(): Reading | undefined {
    return readings(this.bench.world.effects).at(-1);
  }

  get aside() {
    return [...this.bench.state.partitions.values()].flatMap((one) => [...one.aside.values()])[0];
  }
}

function left(kind: MarkerKind, offset: number, next = offset): AsideTakeover {
  return {
    marker: {
      kind,
      lane: "a",
      epoch: asEpoch(1),
      firstEpoch: asEpoch(1),
      offset: asOffset(offset),
      redriveCount: 0,
      keyCount: 1,
    },
    next: asOffset(next),
    cursor: null,
    dropBelow: null,
  };
}

describe("a redrive", () => {
  it("reads what the key has, from its dead letter on and no further than this owner has come", () => {
    const { redrive } = new Quarantined();

    expect(readings(redrive())).toMatchObject([{ from: 0, below: 3 }]);
  });

  it("sends the dead letter, then the parked events, in order, one at a time", () => {
    const { bench, redrive, find, ...world } = new Quarantined();
    const [first] = readings(redrive());
    expect(bench.names(find(first, { 0: "a0" }, { isEnd: false }))).toEqual(["a0"]);

    const [second] = readings(bench.end("a0"));
    expect(second).toMatchObject({ from: 1 });
    expect(bench.names(find(second, { 1: "a1", 2: "a2" }))).toEqual(["a1"]);
    expect(bench.names(bench.end("a1"))).toEqual(["a2"]);
    expect(world).toEqual({});
  });

  it("changes nothing for what is not set aside, or is on its way", () => {
    const { redrive } = new Quarantined();

    expect(redrive({ key: asRecordKey("b") })).toEqual([]);
    redrive();
    expect(readings(redrive())).toEqual([]);
  });

  it("is released when all is settled, and only then the key goes on", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" });
    expect(bench.names(bench.arrive("a3"))).toEqual([]);
    bench.end("a0");
    bench.end("a1");

    const effects = bench.end("a2");
    expect(kinds(effects)).toContain("release");
    expect(bench.names(bench.answer(effects))).toEqual(["a3"]);
    expect(world.aside).toBeUndefined();
  });

  it("asks again for a release that could not be written, and sends nothing meanwhile", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0" });
    const release = bench.end("a0");
    bench.arrive("a3");

    const effects = bench.answer(release, "failed");

    expect(kinds(effects)).toEqual(["release"]);
    expect(bench.names(effects)).toEqual([]);
  });

  it("parks later events while it has not read to the end, and reads them too", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0" }, { isEnd: false });

    const effects = bench.arrive("a3");
    expect(kinds(effects)).toContain("park");
    bench.answer(effects);
    bench.end("a0");

    expect(world.reading).toMatchObject({ from: 1, below: 4 });
  });

  it("waits for a run that is being parked before it lets go", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    const park = bench.arrive("a3");
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" });
    for (const name of ["a0", "a1"]) bench.end(name);
    expect(kinds(bench.end("a2"))).not.toContain("release");

    bench.answer(park);
    expect(world.reading).toMatchObject({ from: 3, below: 4 });
    world.find(world.reading, { 3: "a3" });

    expect(kinds(bench.end("a3"))).toContain("release");
  });

  it("retries in place like any other lane", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });

    expect(bench.names(bench.end("a0", FAILED))).toEqual([]);
    expect(bench.names(bench.wait(500))).toEqual(["a0"]);
  });

  it("passes what the filter leaves out", () => {
    const world = new Quarantined();
    world.redrive();

    const effects = world.find(world.reading, { 0: "~0", 1: "~1", 2: "~2" });

    expect(kinds(effects)).toContain("release");
  });

  it("makes a reading again that failed", () => {
    const { bench, redrive, reading: before, ...world } = new Quarantined();
    const [reading] = readings(redrive());
    if (reading === undefined) throw new Error("nothing is read");

    const effects = bench.send({ kind: "detour-failed", detour: reading.detour });

    expect(readings(effects)).toMatchObject([{ from: 0, below: 3 }]);
    expect([before, Object.keys(world)]).toEqual([undefined, ["find"]]);
  });

  it("sends nothing of an ended epoch", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    const { reading } = world;
    bench.send({ kind: "fenced" });

    expect(world.find(reading, { 0: "a0" })).toEqual([]);
    expect([bench.state.seatCount, bench.state.detours.length]).toEqual([0, 0]);
  });

  it("begins no reading in a drain, and goes on after it", () => {
    const world = new Quarantined();
    world.bench.acknowledge();
    world.bench.send({ kind: "drain" });
    expect(readings(world.redrive())).toEqual([]);

    expect(readings(world.bench.own(2, "continued"))).toHaveLength(1);
  });

  describe("of more keys than may come back at once", () => {
    const crowd = (extraCount: number) => {
      const bench = setup();
      const keys = Array.from({ length: DETOURS_MAX + extraCount }, (_, index) =>
        String.fromCodePoint(0x4e00 + index),
      );
      const aside = left("quarantine", 0);
      bench.markers = keys.map((lane) => ({ ...aside, marker: { ...aside.marker, lane } }));
      bench.own(2);
      const asked = keys.flatMap((key) => readings(bench.send({ kind: "redrive", ...wish(key) })));
      const findNothing = (more: Partial<DetourFound<string>>): readonly Effect<string>[] => {
        const [first] = asked;
        if (first === undefined) throw new Error("nothing is read");
        const { detour } = first;
        const found = { detour, records: [], cursor: null, isEnd: false, ahead: null, ...more };
        return bench.send({ kind: "detour-found", ...found });
      };
      return { bench, keys, asked, findNothing };
    };

    it("takes turns with the others", () => {
      const { keys, asked, findNothing } = crowd(1);
      expect(asked).toHaveLength(DETOURS_MAX);

      const effects = findNothing({});

      expect(readings(effects)[0]?.detour.aside.marker.lane).toBe(keys.at(-1));
    });

    it("makes room for one other when its key is through", () => {
      const { bench, findNothing } = crowd(2);

      const effects = findNothing({ isEnd: true });
      const rest = bench.answer(effects);

      expect(kinds(effects)).toContain("release");
      expect(readings([...effects, ...rest])).toHaveLength(1);
    });
  });
});

describe("a redriven event that is given up again", () => {
  it("is dead-lettered once more, counted, and its key stays in quarantine for it", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" });

    const mark = bench.answer(bench.end("a0", REJECTED));
    expect(mark).toMatchObject([
      { kind: "mark", marker: { kind: "quarantine", offset: 0, redriveCount: 1, keyCount: 2 } },
    ]);
    const effects = bench.answer(mark);

    expect(effects).toMatchObject([{ kind: "settled", outcome: "dead-lettered" }]);
    expect(bench.names(effects)).toEqual([]);
    expect(world.aside).toMatchObject({ next: 0, detour: null });
  });

  it("stays set aside as from whose marker was the first: what that owner parked is needed still", () => {
    const world = new Quarantined();
    const { bench } = world;
    bench.markers = [left("quarantine", 0)];
    const partitions = [{ ...bench.assigned("taken", partition, 2), logEndOffset: asOffset(2) }];
    bench.send({ kind: "assigned", generation: 2, partitionCount: 1, partitions });
    world.redrive();
    world.find(world.reading, { 0: "a0" });

    expect(bench.answer(bench.end("a0", REJECTED))).toMatchObject([
      { kind: "mark", marker: { epoch: 2, firstEpoch: 1 } },
    ]);
  });

  it("leaves those before it settled: the next redrive begins with it", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" });
    bench.end("a0");
    bench.answer(bench.answer(bench.end("a1", REJECTED)));

    expect(readings(world.redrive())).toMatchObject([{ from: 1 }]);
    expect(world.aside?.marker).toMatchObject({ offset: 1, redriveCount: 0 });
  });

  it("is not redriven by a request that came before", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" });
    bench.answer(bench.answer(bench.end("a0", REJECTED)));

    expect(world.redrive({ offset: asOffset(0), redriveCount: 0 })).toEqual([]);
    expect(readings(world.redrive({ redriveCount: 1 }))).toHaveLength(1);
  });

  it("lets its key go on where keys do", () => {
    const world = new Quarantined();
    const { bench } = world;
    Object.assign(bench.state.config, { ...bench.state.config, onDeadLetter: "skip" });
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });

    expect(bench.names(bench.answer(bench.end("a0", REJECTED)))).toEqual(["a1"]);
  });
});

describe("the Idempotency-Key of a redrive", () => {
  it("gets the count appended when every attempt was refused", () => {
    const world = new Quarantined();
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });

    expect(world.bench.open("a0")).toMatchObject({ redriveCount: 1, keyCount: 1 });
    world.bench.end("a0");
    expect(world.bench.open("a1")).toMatchObject({ redriveCount: 0, keyCount: 0 });
  });

  it("stays when any attempt may have been applied", () => {
    const bench = setup();
    bench.arrive("a0");
    bench.end("a0", FAILED);
    bench.wait(500);

    expect(bench.answer(bench.end("a0", REJECTED))).toMatchObject([{ marker: { keyCount: 0 } }]);
  });

  it("stays when an attempt before an earlier redrive may have been applied", () => {
    const world = new Quarantined();
    const { bench } = world;
    const [aside] = [...bench.state.partitions.values()].flatMap((one) => [...one.aside.values()]);
    Object.assign(aside?.marker ?? {}, { keyCount: 0 });
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });

    expect(bench.answer(bench.end("a0", REJECTED))).toMatchObject([
      { marker: { redriveCount: 1, keyCount: 0 } },
    ]);
  });

  it("stays when an earlier owner may have attempted it", () => {
    const bench = setup();
    const [taken] = [bench.assigned("taken", partition, 2)];
    const logEndOffset = asOffset(1);
    const partitions = [{ ...taken, logEndOffset }];
    bench.send({ kind: "assigned", generation: 2, partitionCount: 1, partitions });
    bench.arrive("a0", "b1");

    expect(bench.answer(bench.end("a0", REJECTED))).toMatchObject([{ marker: { keyCount: 0 } }]);
    expect(bench.answer(bench.end("b1", REJECTED))).toMatchObject([{ marker: { keyCount: 1 } }]);
  });

  it("stays on its way back too when an earlier owner may have attempted it, and only then", () => {
    const world = new Quarantined();
    const { bench } = world;
    const partitions = [{ ...bench.assigned("taken", partition, 2), logEndOffset: asOffset(2) }];
    bench.send({ kind: "assigned", generation: 2, partitionCount: 1, partitions });
    bench.world.offset = 0;
    bench.arrive("a0", "a1", "a2");
    bench.answer(bench.answer(bench.answer(bench.end("a0", REJECTED))));

    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" });
    bench.end("a0");
    const again = bench.answer(bench.end("a1", REJECTED));
    expect(again).toMatchObject([{ marker: { offset: 1, keyCount: 0 } }]);
    bench.answer(again);

    world.redrive();
    world.find(world.reading, { 1: "a1", 2: "a2" });
    bench.end("a1");
    expect(bench.answer(bench.end("a2", REJECTED))).toMatchObject([
      { marker: { offset: 2, keyCount: 1 } },
    ]);
  });

  it("stays for what an earlier owner had parked, also after one before it was given up again", () => {
    const world = new Quarantined();
    const { bench } = world;
    bench.markers = [left("quarantine", 0)];
    const partitions = [{ ...bench.assigned("taken", partition, 2), logEndOffset: asOffset(2) }];
    bench.send({ kind: "assigned", generation: 2, partitionCount: 1, partitions });
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });
    bench.answer(bench.answer(bench.end("a0", REJECTED)));

    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });
    bench.end("a0");

    expect(bench.answer(bench.end("a1", REJECTED))).toMatchObject([
      { marker: { offset: 1, keyCount: 0 } },
    ]);
  });

  it("stays however far an earlier owner was ahead of what is committed", () => {
    const bounds = { ...DEFAULTS.bounds, spanMax: 1, unsettledMax: 1 };
    const bench = setup({ bounds });
    const partitions = [{ ...bench.assigned("taken", partition, 2), logEndOffset: asOffset(100) }];
    bench.send({ kind: "assigned", generation: 2, partitionCount: 1, partitions });
    bench.world.offset = 50;
    bench.arrive("a50");

    expect(bench.answer(bench.end("a50", REJECTED))).toMatchObject([{ marker: { keyCount: 0 } }]);
  });
});

describe("a blocked key that is redriven", () => {
  it("goes into quarantine first, and comes back from there", () => {
    const world = new Quarantined({ onDeadLetter: "block" });
    const { bench } = world;

    const mark = world.redrive();
    expect(mark).toMatchObject([
      { kind: "mark", delivery: null, marker: { kind: "quarantine", offset: 0 } },
    ]);
    const effects = bench.answer(mark);

    expect(effects).toContainEqual(
      expect.objectContaining({ kind: "settled", outcome: "dead-lettered" }),
    );
    expect(kinds(effects)).toContain("park");
    expect(readings(effects)).toMatchObject([{ from: 0, below: 1 }]);
  });
});

describe("progress", () => {
  const progress = (effects: readonly Effect<string>[]) =>
    effects.flatMap((effect) => (effect.kind === "progress" ? [effect] : []));

  it("is written as events settle, one write at a time and no closer than commits", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1", 2: "a2" }, { isEnd: false });

    const [first] = progress(bench.end("a0"));
    expect(first?.entries).toMatchObject([{ next: 1, cursor: null }]);
    expect(progress(bench.end("a1"))).toEqual([]);
    bench.wait(25);
    expect(progress(bench.wait(25))).toEqual([]);

    const effects = bench.send({ kind: "progress-written", id: first?.id ?? -1 });
    expect(progress(effects)).toMatchObject([{ entries: [{ next: 2, cursor: null }] }]);
  });

  it("tells where to read on only when all that was read is settled", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" }, { isEnd: false });
    bench.end("a0");
    expect(world.aside?.cursor).toBeNull();

    bench.end("a1");

    expect(world.aside).toMatchObject({ next: 2, cursor: 7 });
  });

  it("is written again after a failure", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0" }, { isEnd: false });
    const [first] = progress(bench.end("a0"));
    bench.send({ kind: "progress-failed", id: first?.id ?? -1 });

    expect(progress(bench.wait(1_000))).toMatchObject([{ entries: [{ next: 1 }] }]);
  });

  it("of an epoch that has ended is not written", () => {
    const { bench, redrive, find } = new Quarantined();
    find(readings(redrive())[0], { 0: "a0", 1: "a1", 2: "a2" });
    const [first] = progress(bench.end("a0"));
    bench.end("a1");
    bench.send({ kind: "fenced" });
    bench.send({ kind: "progress-failed", id: first?.id ?? -1 });

    expect([...progress(bench.own(2)), ...progress(bench.wait(60_000))]).toEqual([]);
  });

  it("has a drain wait for it", () => {
    const world = new Quarantined();
    const { bench } = world;
    world.redrive();
    world.find(world.reading, { 0: "a0", 1: "a1" });
    bench.acknowledge();
    bench.send({ kind: "drain" });
    bench.acknowledge();

    const [written] = progress(bench.end("a0"));
    expect(written?.entries).toMatchObject([{ next: 1 }]);

    expect(kinds(bench.send({ kind: "progress-written", id: written?.id ?? -1 }))).toContain(
      "drained",
    );
  });
});

describe("a detour under a new owner", () => {
  it("begins where the last acknowledged progress was", () => {
    const bench = setup();
    bench.markers = [left("quarantine", 0, 2)];
    bench.own(2);
    bench.arrive("a0", "a1", "a2", "a3");

    const effects = bench.send({ kind: "redrive", ...wish("a") });

    expect(readings(effects)).toMatchObject([{ from: 2 }]);
  });

  it("counts what that has passed no more among what is parked", () => {
    const bench = setup({ bounds: { ...DEFAULTS.bounds, parkedPerKeyMax: 2 } });
    bench.markers = [left("quarantine", 0, 3)];
    bench.own(2);
    bench.answer(bench.arrive("a0", "a1", "a2"));

    const effects = bench.arrive("a3", "a4", "a5");

    expect(kinds(effects)).toEqual(["park"]);
    expect(kinds(bench.answer(effects))).toContain("blocked");
  });

  it("waits for the log where more is parked than this owner has come by", () => {
    const bench = setup();
    bench.markers = [left("deferred", 0)];
    const [reading] = readings(bench.own(2));
    if (reading === undefined) throw new Error("nothing is read");
    const { detour } = reading;
    const found = { detour, records: [], cursor: null, isEnd: true, ahead: asOffset(1) };
    expect(kinds(bench.send({ kind: "detour-found", ...found }))).not.toContain("release");

    const effects = bench.arrive("~0", "b1");
    expect(readings(effects)).toMatchObject([{ from: 0, below: 2 }]);
  });

  it("lets a deferred key go of which nothing was parked", () => {
    const bench = setup();
    bench.markers = [left("deferred", 0)];
    const [reading] = readings(bench.own(2));
    if (reading === undefined) throw new Error("nothing is read");

    const { detour } = reading;
    const found = { detour, records: [], cursor: null, isEnd: true, ahead: null };
    const effects = bench.send({ kind: "detour-found", ...found });

    bench.answer(effects);
    expect(bench.names(bench.arrive("a0"))).toEqual(["a0"]);
    expect(bench.end("a0", OK)).toContainEqual(expect.objectContaining({ outcome: "delivered" }));
  });
});
