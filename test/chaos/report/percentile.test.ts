import { describe, expect, it } from "vitest";
import { medianInterval } from "./percentile.ts";

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

describe("medianInterval", () => {
  it("has the bounds of the sign test's tables", () => {
    expect(medianInterval(upTo(6))).toEqual({ low: 1, high: 6 });
    expect(medianInterval(upTo(12))).toEqual({ low: 3, high: 10 });
    expect(medianInterval(upTo(25))).toEqual({ low: 8, high: 18 });
    expect(medianInterval(upTo(100))).toEqual({ low: 40, high: 61 });
  });

  it("does not depend on the order of the values", () => {
    expect(medianInterval([6, 1, 5, 2, 4, 3])).toEqual({ low: 1, high: 6 });
  });

  it("says nothing of fewer than six values", () => {
    expect(medianInterval(upTo(5))).toEqual({ low: -Infinity, high: Infinity });
    expect(medianInterval([])).toEqual({ low: -Infinity, high: Infinity });
  });
});
