import { describe, expect, it } from "vitest";
import { paceOf, spreadOf } from "./figures.ts";

describe("the pace of a run", () => {
  it("leaves out the first quarter of the events, with what they cost", () => {
    const samples = [
      { at: 1_000, count: 10, cpuUs: 900_000 },
      { at: 2_000, count: 100, cpuUs: 1_000_000 },
      { at: 3_000, count: 250, cpuUs: 1_010_000 },
      { at: 4_000, count: 400, cpuUs: 1_016_000 },
    ];

    expect(paceOf(samples)).toEqual({ perSec: 150, cpuUsPerEvent: 16_000 / 300 });
  });

  it("cannot be told by a single sample", () => {
    expect(() => paceOf([{ at: 1, count: 5, cpuUs: 1 }])).toThrow("too few events");
    expect(() => paceOf([])).toThrow("too few events to tell a pace: 0");
  });
});

describe("the spread of figures", () => {
  it("is the least, the middle and the most of them, in whatever order they come", () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spreadOf([7])).toEqual({ min: 7, median: 7, max: 7 });
  });
});
