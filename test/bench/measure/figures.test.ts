import { describe, expect, it } from "vitest";
import { paceOf, pacesOf, spreadOf } from "./figures.ts";

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

  it("cannot be told of a program that is gone when its CPU time is read", () => {
    const samples = [
      { at: 1_000, count: 100, cpuUs: 900_000 },
      { at: 2_000, count: 200, cpuUs: 0 },
    ];

    expect(() => paceOf(samples)).toThrow("it ended before its CPU time was read");
  });
});

describe("the paces of a run's parts", () => {
  it("are of equal times, without the first quarter of the events", () => {
    const samples = [0, 100, 200, 300, 400, 700, 1_300].map((count, second) => {
      return { at: second * 1_000, count, cpuUs: count * 20 };
    });

    expect(pacesOf(samples, 2)).toEqual([
      { perSec: 300, cpuUsPerEvent: 20 },
      { perSec: 600, cpuUsPerEvent: 20 },
    ]);
    expect(pacesOf(samples, 1)).toEqual([paceOf(samples)]);
    expect(() => pacesOf(samples, 9)).toThrow("too few events to tell a pace");
  });
});

describe("the spread of figures", () => {
  it("is the least, the middle and the most of them, in whatever order they come", () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spreadOf([7])).toEqual({ min: 7, median: 7, max: 7 });
  });
});
