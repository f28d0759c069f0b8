import { describe, expect, it } from "vitest";

import {
  FAILED,
  kinds,
  setup,
  throttled,
  type EngineBench,
  REJECTED,
} from "../../../testing/engine-bench.ts";
import { DEFAULTS, type BoundsConfig, type EngineConfig } from "../config.ts";
import type { Effect } from "../effect.ts";
import {
  DEFERRAL_INTERVAL_MS,
  LONG_CALL_MS,
  OVERTAKEN_TIMES,
  PASSED_RATIO,
  STALL_MS,
} from "./deferral.ts";

function bounded(bounds: Partial<BoundsConfig>, config: Partial<EngineConfig> = {}): EngineBench {
  return setup({ ...config, bounds: { ...DEFAULTS.bounds, ...bounds } });
}

/** Keys and offsets that these effects defer. */
const deferred = (effects: readonly Effect<string>[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === "mark" && effect.marker.kind === "deferred"
      ? [`${effect.marker.lane} from ${effect.marker.offset}`]
      : [],
  );

/** An engine that knows how long calls usually take. */
function measured(usualMs: number, bounds: Partial<BoundsConfig> = {}): EngineBench {
  const bench = bounded(bounds);
  bench.state.limit.usualMs = usualMs;
  return bench;
}

/** So many events of one key. */
const crowd = (key: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${key}${index}`);

/** `a` fails and waits; the others are delivered, so that the span grows to 8 of 10. */
function slowKey(config: Partial<EngineConfig> = {}): EngineBench {
  const bench = bounded({ spanMax: 10 }, config);
  bench.arrive("a0", "b1", "c2", "d3", "e4", "f5", "g6", "h7", "a8");
  bench.end("a0", FAILED);
  for (const name of ["b1", "c2", "d3", "e4", "f5", "g6"]) bench.end(name);
  return bench;
}

describe("a slow key", () => {
  it("is deferred when it holds the commit back to four fifths of the span", () => {
    const bench = slowKey();

    expect(deferred(bench.end("h7"))).toEqual(["a from 0"]);
  });

  it("has its events parked once the marker stands, so that the commit moves", () => {
    const bench = slowKey();
    const mark = bench.end("h7");
    const park = bench.answer(mark);

    expect(park[0]).toMatchObject({ kind: "park", deliveries: [{ offset: 0 }, { offset: 8 }] });
    const effects = bench.answer(park);
    expect(effects).toContainEqual(expect.objectContaining({ outcome: "parked" }));
    const [owned] = bench.state.partitions.values();
    expect(owned?.tracker.committable).toBe(9);
    expect(kinds(effects)).toContain("read-detour");
  });

  it("goes on from there where it was: its attempts and its wait count on", () => {
    const bench = slowKey();
    const before = bench.open("a0");
    const read = bench.answer(bench.answer(bench.end("h7")));
    const reading = read.find((effect) => effect.kind === "read-detour");
    if (reading?.kind !== "read-detour") throw new Error("nothing is read");
    const record = {
      kind: "matched",
      offset: before.offset,
      key: null,
      bytes: 1,
      verdict: { kind: "deliver" },
      payload: "a0",
    } as const;
    const found = { records: [record], cursor: null, isEnd: true, ahead: null };

    const effects = bench.send({ kind: "detour-found", detour: reading.detour, ...found });

    expect(bench.names(effects)).toEqual([]);
    expect(bench.names(bench.wait(500))).toEqual(["a0"]);
    expect(bench.open("a0")).toMatchObject({
      attemptCount: 2,
      chargedCount: 1,
      wasAmbiguous: true,
      firstChargedAt: before.firstChargedAt,
    });
  });

  it("whose call is open is deferred when that has failed", () => {
    const bench = bounded({ spanMax: 10 });
    bench.arrive("a0", "b1", "c2", "d3", "e4", "f5", "g6", "h7");
    for (const name of ["b1", "c2", "d3", "e4", "f5", "g6", "h7"]) bench.end(name);

    expect(deferred(bench.wait(LONG_CALL_MS))).toEqual([]);
    expect(deferred(bench.end("a0", FAILED))).toEqual(["a from 0"]);
  });

  it("whose calls take long is deferred from the next event on, if its partition is still nearly full", () => {
    const bench = bounded({ spanMax: 10 });
    bench.arrive("a0", "a1", "c2", "d3", "e4", "f5", "g6", "h7", "i8", "j9");
    for (const name of ["c2", "d3", "e4", "f5", "g6", "h7", "i8"]) bench.end(name);
    bench.end("j9");
    bench.wait(LONG_CALL_MS);

    expect(deferred(bench.end("a0"))).toEqual(["a from 1"]);
  });

  it("whose event is given up goes into quarantine instead", () => {
    const bench = bounded({ spanMax: 10 });
    bench.arrive("a0", "a1", "c2", "d3", "e4", "f5", "g6", "h7", "i8");
    for (const name of ["c2", "d3", "e4", "f5", "g6", "h7", "i8"]) bench.end(name);

    const effects = bench.answer(bench.answer(bench.end("a0", REJECTED)));

    expect(deferred(effects)).toEqual([]);
    expect(kinds(effects)).toContain("park");
  });

  it("that is done in time after all is not", () => {
    const bench = bounded({ spanMax: 10 });
    bench.arrive("a0", "b1", "c2", "d3", "e4", "f5", "g6", "h7", "a8");
    for (const name of ["b1", "c2", "d3", "e4", "f5", "g6", "h7"]) bench.end(name);

    expect(deferred(bench.end("a0"))).toEqual([]);
    expect(deferred(bench.end("a8", FAILED))).toEqual([]);
  });

  it("is deferred when it has failed and its events fill the memory", () => {
    const bench = bounded({ unsettledMax: 30 });

    expect(deferred(bench.arrive(...crowd("a", 18), ...Array.from("bcdefgh")))).toEqual([]);
    bench.end("a0", FAILED);
    expect(deferred(bench.wait(DEFERRAL_INTERVAL_MS))).toEqual(["a from 0"]);
  });

  it("is deferred, one after the other, when a few of them fill the memory and nothing passes", () => {
    const bench = bounded({ unsettledMax: 20 });
    bench.arrive(...crowd("a", 10), ...crowd("b", 10));
    bench.end("a0", FAILED);
    bench.end("b0", FAILED);

    const effects = [bench.wait(DEFERRAL_INTERVAL_MS), bench.wait(DEFERRAL_INTERVAL_MS)].flat();

    expect(deferred(effects)).toEqual(["a from 0"]);
    bench.answer(bench.answer(effects));
    expect(deferred(bench.wait(DEFERRAL_INTERVAL_MS))).toEqual([]);
    bench.arrive(...crowd("b", 18).slice(10));
    expect(deferred(bench.wait(DEFERRAL_INTERVAL_MS))).toEqual(["b from 10"]);
  });

  it("is slow when its call takes longer than calls usually do", () => {
    const ending = (callMs: number): string[] => {
      const bench = measured(20);
      bench.arrive("a0", ...crowd("b", 1_800), "a1");
      bench.wait(callMs);
      return deferred(bench.end("a0"));
    };

    expect(ending(49)).toEqual([]);
    expect(ending(50)).toEqual(["a from 1801"]);
  });

  it("is not slow when calls take long because all stand still: with the slots taken, others come and go beside it", () => {
    const overtaken = OVERTAKEN_TIMES * DEFAULTS.concurrencyMax;
    const ending = (endedCount: number, thenMs = DEFERRAL_INTERVAL_MS): string[] => {
      const bench = measured(20, { unsettledMax: 200 });
      const others = Array.from({ length: 200 + overtaken }, (_, index) =>
        String.fromCodePoint(0x4e00 + index),
      );
      bench.arrive("a0", ...others, "a1");
      bench.wait(50);
      for (const name of others.slice(0, endedCount)) bench.end(name);
      bench.wait(thenMs);
      return deferred(bench.end("a0"));
    };

    expect(ending(0)).toEqual([]);
    expect(ending(overtaken - 1)).toEqual([]);
    expect(ending(overtaken)).toEqual([`a from ${201 + overtaken}`]);
    expect(ending(0, STALL_MS - 51)).toEqual([]);
    expect(ending(0, STALL_MS - 50)).toEqual([`a from ${201 + overtaken}`]);
  });

  it("is slow at once where less than half of the slots are taken: those that are free wait for it", () => {
    const ending = (keyCount: number): string[] => {
      const bench = measured(20, { unsettledMax: 200 });
      const others = Array.from({ length: keyCount - 1 }, (_, index) =>
        crowd(String.fromCodePoint(0x4e00 + index), Math.ceil(200 / keyCount)),
      );
      bench.arrive("a0", ...others.flat(), "a1");
      bench.wait(50);
      bench.wait(DEFERRAL_INTERVAL_MS);
      return deferred(bench.end("a0")).map((text) => text.charAt(0));
    };
    const half = DEFAULTS.concurrencyMax / 2;

    expect(ending(half)).toEqual([]);
    expect(ending(half - 1)).toEqual(["a"]);
  });

  it("is slow sooner when many pass it by, as they do a hot key", () => {
    const ending = (passingCount: number): string[] => {
      const bench = measured(30, { unsettledMax: 10 });
      const others = Array.from({ length: passingCount + 7 }, (_, index) =>
        String.fromCodePoint(0x4e00 + index),
      );
      bench.arrive("a0", "a1");
      for (const name of others.slice(7)) {
        bench.arrive(name);
        bench.end(name);
      }
      bench.arrive(...others.slice(0, 7));
      bench.wait(LONG_CALL_MS);
      return deferred(bench.end("a0"));
    };

    expect(ending(PASSED_RATIO * 9 - 1)).toEqual([]);
    expect(ending(PASSED_RATIO * 9)).toEqual(["a from 1"]);
  });

  it("is deferred beside another that holds the commit in turn with it", () => {
    const bench = measured(1, { unsettledMax: 20 });
    const pairs = Array.from({ length: 10 }, (_, index) => [`a${index}`, `b${index}`]);
    bench.arrive(...pairs.flat());

    bench.wait(50);
    const first = bench.end("a0");
    bench.wait(50);

    expect(deferred(first)).toEqual(["a from 2"]);
    bench.answer(bench.answer(first));
    bench.arrive(...crowd("b", 18).slice(10));
    bench.wait(DEFERRAL_INTERVAL_MS);
    expect(deferred(bench.end("b0"))).toEqual(["b from 3"]);
  });

  it("is looked at again although nothing comes", () => {
    const bench = bounded({ unsettledMax: 20 });
    bench.arrive(...crowd("a", 20));
    bench.wait(bench.state.wakeAt);
    expect(bench.world.now).toBe(DEFERRAL_INTERVAL_MS);

    expect(deferred(bench.end("a0"))).toEqual(["a from 1"]);
  });

  it.each([
    ["quick", LONG_CALL_MS - 1, []],
    ["slow", LONG_CALL_MS, ["a from 1"]],
  ])("that is alone and %s: its calls take %i ms", (_, callMs, expected) => {
    const bench = bounded({});
    const effects = bench.arrive(...crowd("a", 2_000));
    const ends = ["a0", "a1"].flatMap((name) => {
      if (bench.state.writingCount > 0) return [];
      return [...bench.wait(callMs), ...bench.end(name)];
    });

    expect(deferred([...effects, ...ends])).toEqual(expected);
  });

  it("keeps no partition standing that has room again, though not by much", () => {
    const bench = bounded({ unsettledMax: 100 });
    const others = Array.from({ length: 23 }, (_, index) => `${String.fromCodePoint(98 + index)}0`);
    bench.arrive(...crowd("a", 77), ...others);
    bench.end("a0", FAILED);
    const ends = others.flatMap((name) => bench.end(name));

    expect(kinds(ends)).toContain("resume-fetch");
  });

  it("is not deferred when all keys are as slow as it is", () => {
    const bench = measured(200, { unsettledMax: 10 });
    const effects = bench.arrive(...Array.from("abcdefghij"));
    const waits = [bench.wait(200), bench.wait(200)].flat();

    expect(deferred([...effects, ...waits, ...bench.end("a")])).toEqual([]);
  });

  it("is not deferred while the whole target waits", () => {
    const bench = bounded({ spanMax: 10 });
    bench.arrive("a0", "b1", "c2", "d3", "e4", "f5", "g6", "h7");
    bench.end("a0", throttled(60_000));
    for (const name of ["b1", "c2", "d3", "e4", "f5", "g6"]) bench.end(name);

    expect(deferred(bench.end("h7"))).toEqual([]);
  });

  it.each(["partition", "none"] as const)("is no key with order %s", (order) => {
    const bench = bounded({ spanMax: 2 }, { order });
    bench.arrive("a0", "b1", "c2");
    bench.end("a0", FAILED);

    expect(deferred(bench.wait(25))).toEqual([]);
  });

  it("stays where it is when as many keys are set aside as may be", () => {
    const bench = bounded({ spanMax: 10, quarantinedKeysMax: 0 });
    bench.arrive("a0", "b1", "c2", "d3", "e4", "f5", "g6", "h7");
    bench.end("a0", FAILED);
    for (const name of ["b1", "c2", "d3", "e4", "f5", "g6"]) bench.end(name);

    expect(deferred(bench.end("h7"))).toEqual([]);
  });

  it("sends nothing before its marker is acknowledged, which may stand although its write failed", () => {
    const bench = slowKey();
    const again = bench.answer(bench.end("h7"), "failed");

    expect(deferred(again)).toEqual(["a from 0"]);
    expect(bench.names(bench.wait(500))).toEqual([]);
  });

  it("in a drain is left to whoever owns it next", () => {
    const bench = slowKey();
    bench.send({ kind: "drain" });

    expect(deferred(bench.end("h7"))).toEqual([]);
    expect(deferred(bench.own(2, "continued"))).toEqual(["a from 0"]);
  });
});
