import { describe, expect, it } from "vitest";

import {
  FAILED,
  kinds,
  OK,
  REJECTED,
  setup,
  type EngineBench,
} from "../../../testing/engine-bench.ts";
import { DEFAULTS, type EngineConfig } from "../config.ts";
import type { Effect } from "../effect.ts";

const dead = (effects: readonly Effect<string>[]): number =>
  effects.filter(({ kind }) => kind === "dead-letter").length;

/** Events of other keys each, ended alike; the effects of the last. */
function endEach(
  { arrive, end, answer }: EngineBench,
  from: number,
  results: readonly (typeof OK)[],
): readonly Effect<string>[] {
  let effects: readonly Effect<string>[] = [];
  for (const [index, result] of results.entries()) {
    const name = `${String.fromCodePoint(0x4e00 + from + index)}1`;
    arrive(name);
    effects = end(name, result);
    answer(effects);
  }
  return effects;
}

const times = (count: number, ...results: (typeof OK)[]): (typeof OK)[] =>
  Array.from({ length: count }, () => results).flat();

/** A bench that the guard has just paused; 50 dead letters are acknowledged. */
function flooded(config: Partial<EngineConfig> = {}): EngineBench {
  const bench = setup(config);
  endEach(bench, 0, times(50, REJECTED));
  return bench;
}

describe("a flood of dead letters", () => {
  it("pauses the target with the one that makes half of the last hundred, which is still written", () => {
    const bench = setup();
    endEach(bench, 0, times(49, REJECTED, OK));
    expect(kinds(bench.world.effects)).not.toContain("paused");

    const effects = endEach(bench, 100, [REJECTED]);
    expect(kinds(effects)).toEqual(expect.arrayContaining(["paused", "dead-letter"]));
    expect(bench.names(bench.arrive("x1"))).toEqual([]);
  });

  it("counts no more than the last hundred", () => {
    const bench = setup();
    for (let round = 0; round < 10; round += 1) {
      endEach(bench, round * 100, [...times(49, REJECTED), ...times(51, OK)]);
    }

    expect(kinds(bench.world.effects)).not.toContain("paused");
  });

  it("is none while it is of fewer than twenty keys", () => {
    const bench = setup({ onDeadLetter: "skip" });
    for (let round = 0; round < 10; round += 1) endEach(bench, 0, times(19, REJECTED));
    expect(kinds(bench.world.effects)).not.toContain("paused");

    endEach(bench, 19, [REJECTED]);
    expect(kinds(bench.world.effects)).toContain("paused");
  });

  it("is one of events without a key too", () => {
    const bench = setup();
    const names = Array.from({ length: 50 }, (_, index) => `-${index}`);
    bench.arrive(...names);
    for (const name of names) bench.end(name, REJECTED);

    expect(kinds(bench.world.effects)).toContain("paused");
  });

  it("is one of whole partitions in order too", () => {
    const bench = setup({ order: "partition", onDeadLetter: "skip" });
    endEach(bench, 0, times(50, REJECTED));

    expect(kinds(bench.world.effects)).toContain("paused");
  });

  it("stops events that cannot be mapped before their dead letters are acknowledged", () => {
    const bench = setup();
    const names = Array.from({ length: 500 }, (_, index) => `-${index}!`);

    expect(dead(bench.arrive(...names))).toBe(50);
    expect(bench.state.owing.length).toBe(450);
  });

  it("does not count a dead letter twice whose write failed", () => {
    const bench = setup({ onDeadLetter: "skip" });
    for (let count = 0; count < 49; count += 1) {
      const name = `${String.fromCodePoint(0x4e00 + count)}1`;
      bench.arrive(name);
      bench.answer(bench.answer(bench.end(name, REJECTED), "failed"));
    }

    expect(kinds(bench.world.effects)).not.toContain("paused");
  });
});

describe("a paused target", () => {
  it("starts nothing, whatever time passes and whoever owns it", () => {
    const { arrive, names, own, send, wait } = flooded();
    arrive("x1", "y1!");
    expect(kinds(wait(86_400_000))).not.toContain("attempt");

    send({ kind: "fenced" });
    own(9);
    expect(names(arrive("z1"))).toEqual([]);
  });

  it("lets what is in flight end, writes its dead letters and commits", () => {
    const bench = setup();
    const { arrive, end, send, answer, lastCommit, wait } = bench;
    arrive("a1", "b1");
    send({ kind: "pause", by: "operator", reason: "maintenance" });

    end("a1");
    const effects = end("b1", REJECTED);
    expect(dead(effects)).toBe(1);
    answer(answer(effects));
    bench.acknowledge();
    wait(25);
    expect(lastCommit()?.offset).toBe(2);
  });

  it("goes on when it is resumed", () => {
    const { arrive, names, send } = flooded();
    arrive("x1");

    const effects = send({ kind: "resume", by: "guard" });
    expect(kinds(effects)).toContain("resumed");
    expect(names(effects)).toEqual(["x1"]);
  });

  it("goes on only when neither the operator's nor the guard's pause stands", () => {
    const { arrive, names, send } = flooded();
    arrive("x1");
    expect(kinds(send({ kind: "pause", by: "operator", reason: "why" }))).toContain("paused");

    expect(names(send({ kind: "resume", by: "guard" }))).toEqual([]);
    expect(names(send({ kind: "resume", by: "operator" }))).toEqual(["x1"]);
  });

  it("says nothing when it is paused or resumed again", () => {
    const { send } = setup();
    send({ kind: "pause", by: "operator", reason: "why" });

    expect(kinds(send({ kind: "pause", by: "operator", reason: "why" }))).toEqual([]);
    send({ kind: "resume", by: "operator" });
    expect(kinds(send({ kind: "resume", by: "operator" }))).toEqual([]);
  });

  it("does not pause again for what came before it was resumed", () => {
    const bench = flooded();
    bench.send({ kind: "resume", by: "guard" });
    endEach(bench, 200, times(49, REJECTED));

    expect(kinds(bench.world.effects).filter((kind) => kind === "paused")).toHaveLength(1);
  });

  it("pauses again for as many as before, whatever came before it was resumed", () => {
    const bench = flooded();
    bench.send({ kind: "resume", by: "guard" });
    endEach(bench, 200, [REJECTED, ...times(100, OK), ...times(49, REJECTED)]);
    const pauses = (): number => bench.world.effects.filter(({ kind }) => kind === "paused").length;
    expect(pauses()).toBe(1);
    endEach(bench, 400, [REJECTED]);

    expect(pauses()).toBe(2);
  });

  it("drains although dead letters wait for it to go on", () => {
    const { arrive, send } = setup();
    send({ kind: "pause", by: "operator", reason: "why" });
    arrive("x1!", "y1");

    expect(kinds(send({ kind: "drain" }))).toContain("drained");
  });

  it("has its retry horizon stand still", () => {
    const retry = { ...DEFAULTS.retry, maxAgeMs: 60_000 };
    const { arrive, end, send, wait } = setup({ retry });
    arrive("a1", "b1");
    end("a1", FAILED);
    send({ kind: "pause", by: "operator", reason: "why" });
    wait(86_400_000);
    send({ kind: "resume", by: "operator" });

    expect(kinds(end("a1", FAILED))).not.toContain("dead-letter");
    wait(60_000);
    expect(kinds(end("a1", FAILED))).toContain("dead-letter");
  });

  it("asks for no wake while it is paused", () => {
    const { arrive, end, send, world } = setup();
    arrive("a1", "b1");
    end("a1", FAILED);
    world.effects.length = 0;
    send({ kind: "pause", by: "operator", reason: "why" });

    expect(kinds(world.effects)).toEqual(["paused"]);
  });
});
