import { describe, expect, it } from "vitest";

import { decodeDoneSet } from "./done-set.ts";
import { StepRandom } from "../entropy.ts";
import { asOffset } from "../lanes/identity.ts";
import { OffsetTracker } from "./offset-tracker.ts";

function setup(offsets: readonly number[], committed = offsets[0] ?? 0) {
  const tracker = new OffsetTracker(asOffset(committed));
  const sequences = offsets.map((offset) => tracker.track(asOffset(offset), false));
  const settle = (offset: number): void => tracker.settle(sequences[offsets.indexOf(offset)] ?? -1);
  return { tracker, settle };
}

/** The done set and its count of runs, made the slow way. */
function expectRuns(tracker: OffsetTracker, open: ReadonlySet<number>, highest: number): void {
  const runs: { from: number; to: number }[] = [];
  for (let offset: number = tracker.committable; offset <= highest; offset += 1) {
    const last = runs.at(-1);
    if (open.has(offset)) continue;
    if (last?.to === offset) last.to += 1;
    else runs.push({ from: offset, to: offset + 1 });
  }
  expect(decodeDoneSet(tracker.metadata(), tracker.committable, highest + 1)).toEqual(runs);
  expect(tracker.runCount).toBe(runs.length);
}

describe("offset tracker", () => {
  it("commits the committed offset while nothing was read", () => {
    expect(new OffsetTracker(asOffset(42)).committable).toBe(42);
  });

  it("holds the committable offset at the lowest unsettled one", () => {
    const { tracker, settle } = setup([10, 11, 12]);

    settle(11);
    settle(12);

    expect(tracker.committable).toBe(10);
    expect(tracker.span).toBe(3);
  });

  it("moves past everything settled once the lowest settles", () => {
    const { tracker, settle } = setup([10, 11, 12]);
    settle(11);
    settle(10);

    expect(tracker.committable).toBe(12);
    expect(tracker.span).toBe(0);
    expect(tracker.metadata()).toBe("");
  });

  it("passes gaps that compaction or transactions left", () => {
    const { tracker, settle } = setup([10, 15, 40], 8);

    settle(10);

    expect(tracker.committable).toBe(15);
    settle(15);
    settle(40);
    expect(tracker.committable).toBe(41);
  });

  it("refuses an offset twice and a second settlement", () => {
    const { tracker, settle } = setup([10, 11]);
    settle(11);

    expect(() => tracker.track(asOffset(11), false)).toThrow("I1");
    expect(() => settle(11)).toThrow("I3");
  });

  it("holds no memory for offsets that were settled on arrival", () => {
    const tracker = new OffsetTracker(asOffset(0));
    tracker.track(asOffset(0), false);
    const sequence = tracker.track(asOffset(1), true);
    tracker.settle(0);

    for (let offset = 2; offset < 100_000; offset += 1) tracker.track(asOffset(offset), true);

    expect(tracker.heldCount).toBeLessThan(2_048);
    expect(tracker.track(asOffset(100_000), false)).toBe(sequence + 99_999);
    tracker.settle(100_000);
    expect(tracker.committable).toBe(100_001);
  });

  it("carries what earlier owners settled until it is read again", () => {
    const carried = [
      { from: 12, to: 14 },
      { from: 20, to: 30 },
    ];
    const tracker = new OffsetTracker(asOffset(10), carried);
    expect(decodeDoneSet(tracker.metadata(), 10, 100)).toEqual(carried);

    for (let offset = 10; offset < 13; offset += 1) {
      tracker.track(asOffset(offset), tracker.wasDone(asOffset(offset)));
    }
    expect(decodeDoneSet(tracker.metadata(), 10, 100)).toEqual(carried);

    tracker.settle(1);
    expect(decodeDoneSet(tracker.metadata(), 10, 100)).toEqual([{ from: 11, to: 14 }, carried[1]]);
    tracker.settle(0);
    expect(tracker.committable).toBe(14);
    expect(decodeDoneSet(tracker.metadata(), 14, 100)).toEqual([carried[1]]);
  });

  it("counts what no earlier owner settled of a range", () => {
    const carried = [
      { from: 12, to: 14 },
      { from: 20, to: 30 },
    ];
    const tracker = new OffsetTracker(asOffset(10), carried);
    const undone = (from: number, to: number): number =>
      tracker.undoneCount(asOffset(from), asOffset(to));

    expect(undone(10, 12)).toBe(2);
    expect(undone(10, 13)).toBe(2);
    expect(undone(13, 25)).toBe(6);
    expect(undone(10, 40)).toBe(18);
    expect(undone(22, 28)).toBe(0);
    expect(undone(40, 30)).toBe(0);
  });

  it("agrees with a naive set under any order of settlement", () => {
    const random = new StepRandom(7);
    const open = new Set<number>();
    const tracker = new OffsetTracker(asOffset(0));
    const sequences = new Map<number, number>();
    let next = 0;
    for (let round = 0; round < 20_000; round += 1) {
      if (open.size < 50 || random.next() < 0.4) {
        next += random.next() < 0.1 ? 3 : 1;
        sequences.set(next, tracker.track(asOffset(next), false));
        open.add(next);
      } else {
        const chosen = [...open][Math.floor(random.next() ** 3 * open.size)] ?? -1;
        tracker.settle(sequences.get(chosen) ?? -1);
        open.delete(chosen);
      }

      expect(tracker.committable).toBe(open.size > 0 ? Math.min(...open) : next + 1);
      expect(tracker.unsettledCount).toBe(open.size);
      if (round % 10 === 0) expectRuns(tracker, open, next);
      if (round % 100 === 0) {
        const above = [...sequences.keys()].filter((offset) => offset > tracker.committable);
        const settled = above.filter((offset) => !open.has(offset));
        expect(tracker.settledAbove).toBe(settled.length);
      }
    }
  });
});
