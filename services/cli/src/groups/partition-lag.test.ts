import { asOffset, encodeDoneSet, type DoneRun } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { partitionLag, type PartitionLag } from "./partition-lag.ts";

/** A partition that has committed `committed`, with `done` above it, of a log from `start` to `end`. */
function lagOf(of: {
  readonly committed: number;
  readonly done?: readonly DoneRun[];
  readonly metadata?: string;
  readonly start?: number;
  readonly end: number;
}): PartitionLag {
  const { committed, done = [], start = 0, end } = of;
  return partitionLag({
    committed: {
      offset: asOffset(committed),
      metadata: of.metadata ?? encodeDoneSet(committed, done),
    },
    logStartOffset: asOffset(start),
    logEndOffset: asOffset(end),
    begunAt: null,
  });
}

describe("partitionLag", () => {
  it("finds nothing to do in an empty log", () => {
    expect(lagOf({ committed: 0, end: 0 })).toEqual({
      state: "up-to-date",
      lag: 0,
      doneRuns: [],
      doneCount: 0,
      waitingCount: 0,
      goneCount: 0,
    });
  });

  it("takes what is done above the committed offset from what waits", () => {
    const done = [
      { from: 12, to: 15 },
      { from: 18, to: 19 },
    ];

    expect(lagOf({ committed: 10, done, end: 20 })).toEqual({
      state: "behind",
      lag: 10,
      doneRuns: done,
      doneCount: 4,
      waitingCount: 6,
      goneCount: 0,
    });
  });

  it.each([
    ["another tool's", "offset committed by hand"],
    ["a later version's", "millrace/2:AgM"],
    ["damaged", "millrace/1:!"],
    ["beyond the end", encodeDoneSet(10, [{ from: 12, to: 30 }])],
  ])("counts metadata that is %s as none", (_, metadata) => {
    const { state, doneCount, waitingCount } = lagOf({ committed: 10, metadata, end: 20 });

    expect({ state, doneCount, waitingCount }).toEqual({
      state: "behind",
      doneCount: 0,
      waitingCount: 10,
    });
  });

  it("counts what retention deleted before it was delivered, without what was done of it", () => {
    const done = [{ from: 12, to: 16 }];

    const lag = lagOf({ committed: 10, done, start: 15, end: 20 });

    expect(lag).toMatchObject({ state: "retention-passed", lag: 10, waitingCount: 6 });
    expect(lag.goneCount).toBe(2);
  });

  it("knows a log that ends below what is committed", () => {
    const lag = lagOf({ committed: 30, metadata: encodeDoneSet(30, []), end: 20 });

    expect(lag).toMatchObject({ state: "beyond-end", lag: 0, waitingCount: 0, goneCount: 0 });
  });

  it.each([
    ["never had one", null, "not-started"],
    ["had one once", 7, "offsets-gone"],
  ] as const)("has no lag without a committed offset where it %s", (_, begunAt, state) => {
    const range = { logStartOffset: asOffset(0), logEndOffset: asOffset(20) };

    const lag = partitionLag({ committed: null, ...range, begunAt });

    expect(lag).toMatchObject({ state, lag: null, waitingCount: null, doneCount: 0 });
  });
});
