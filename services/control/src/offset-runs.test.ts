import { describe, expect, it } from "vitest";
import { isInRuns, readRuns, runLengths } from "./offset-runs.ts";

const RANGE = { from: 10, to: 30 };
const RUNS = [
  { from: 10, to: 12 },
  { from: 15, to: 16 },
  { from: 20, to: 30 },
];

describe("runs of offsets", () => {
  it("are read as they were written", () => {
    const lengths = runLengths(RANGE.from, RUNS);

    expect(lengths).toEqual([0, 2, 3, 1, 4, 10]);
    expect(readRuns(lengths, RANGE)).toEqual(RUNS);
    expect(readRuns(runLengths(10, []), RANGE)).toEqual([]);
  });

  it.each([[null], ["1,2"], [[1]], [[0, 0]], [[0, -1]], [[0, 1.5]], [[0, 21]], [[5, 10, 5, 10]]])(
    "are none of a range that %j does not fit",
    (lengths) => {
      expect(readRuns(lengths, RANGE)).toBeNull();
    },
  );

  it("have their offsets, and no others", () => {
    const offsets = Array.from({ length: 25 }, (_, index) => index + 8);

    expect(offsets.filter((offset) => isInRuns(RUNS, offset))).toEqual([
      ...[10, 11, 15, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
    ]);
    expect(isInRuns([], 3)).toBe(false);
  });
});
