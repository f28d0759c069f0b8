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
import { CROWD_MIN, DEFERRAL_INTERVAL_MS } from "./deferral.ts";

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

    expect(park).toMatchObject([{ kind: "park", deliveries: [{ offset: 0 }, { offset: 8 }] }]);
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
    for (const name of ["b1", "c2", "d3", "e4", "f5", "g6"]) bench.end(name);

    expect(deferred(bench.end("h7"))).toEqual([]);
    expect(deferred(bench.end("a0", FAILED))).toEqual(["a from 0"]);
  });

  it("whose calls take long is deferred from the next event on, if it still fills the bound", () => {
    const bench = bounded({ spanMax: 10 });
    bench.arrive("a0", "a1", "c2", "d3", "e4", "f5", "g6", "h7", "i8", "j9");
    for (const name of ["c2", "d3", "e4", "f5", "g6", "h7", "i8"]) bench.end(name);
    bench.end("j9");

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

  it("is deferred when it crowds the others out of memory", () => {
    const bench = bounded({ unsettledMax: 30 });
    const crowd = Array.from({ length: CROWD_MIN + 2 }, (_, index) => `a${index}`);

    expect(deferred(bench.arrive(...crowd, ...Array.from("bcdefgh")))).toEqual([]);
    bench.end("a0", FAILED);
    expect(deferred(bench.wait(DEFERRAL_INTERVAL_MS))).toEqual(["a from 0"]);
  });

  it("is not deferred when all keys are as slow as it is", () => {
    const bench = bounded({ unsettledMax: 10 });
    const effects = bench.arrive(...Array.from("abcdefghij"));
    const ends = Array.from("abcdefghij").flatMap((name) => bench.end(name, FAILED));

    expect(deferred([...effects, ...ends])).toEqual([]);
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
