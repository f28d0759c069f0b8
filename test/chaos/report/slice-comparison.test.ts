import { describe, expect, it } from "vitest";
import { compareSlices, type TimedDelivery } from "./slice-comparison.ts";
import type { Window } from "./window.ts";

const BEFORE = { from: 0, to: 45_000 };
const FAULTED = { from: 45_000, to: 105_000 };
const AFTER = { from: 110_000, to: 150_000 };

/** 200 a second; latencies from 1 to 100 in turn, times what the moment has. */
function deliveries(factorAt: (at: number) => number, everyMs = 5): readonly TimedDelivery[] {
  return Array.from({ length: AFTER.to / everyMs }, (_, index) => {
    const loggedAt = index * everyMs;
    return { loggedAt, latencyMs: (1 + ((index * 37) % 100)) * factorAt(loggedAt) };
  });
}

function compare(
  factorAt: (at: number) => number,
  { everyMs = 5, givenUpAt = [] as readonly number[] } = {},
): ReturnType<typeof compareSlices> {
  const spans = { clean: [BEFORE, AFTER], faulted: FAULTED, givenUpAt };
  return compareSlices({ deliveries: deliveries(factorAt, everyMs), ...spans });
}

const isIn = (at: number, { from, to }: Window): boolean => at >= from && at < to;

describe("compareSlices", () => {
  it("shows a slow-down of 30 % that lasts as long as the fault", () => {
    const { cleanMs, faultedMs, doubt } = compare((at) => (isIn(at, FAULTED) ? 1.3 : 1));

    expect(doubt).toBeNull();
    expect(faultedMs / cleanMs).toBeCloseTo(1.3);
  });

  it("says how far slices of a side differ from each other", () => {
    const { cleanRange, faultedRange } = compare((at) =>
      isIn(at, FAULTED) ? 1 + (at % 10_000 < 5_000 ? 0.5 : 0) : 1,
    );

    expect(cleanRange).toEqual({ low: 99, high: 99 });
    expect(faultedRange).toEqual({ low: 99, high: 148.5 });
  });

  it("is not moved by a hiccup of one slice within the fault, but shows it where it is the first", () => {
    const { cleanMs, faultedMs, firstMs, doubt } = compare((at) =>
      isIn(at, { from: 45_000, to: 50_000 }) ? 5 : 1,
    );

    expect(doubt).toBeNull();
    expect(faultedMs / cleanMs).toBeCloseTo(1);
    expect(firstMs / cleanMs).toBeCloseTo(5);
  });

  it("does not let a hiccup of one slice in a clean stretch hide a slow-down", () => {
    const { cleanMs, faultedMs } = compare((at) => {
      if (isIn(at, { from: 10_000, to: 15_000 })) return 5;
      return isIn(at, FAULTED) ? 1.3 : 1;
    });

    expect(faultedMs / cleanMs).toBeCloseTo(1.3);
  });

  it("takes no slice for clean in which an event was given up", () => {
    const givenUpAt = [2_000, 7_000, 12_000];
    const { cleanMs } = compare((at) => (at < 15_000 ? 5 : 1), { givenUpAt });

    expect(cleanMs).toBeCloseTo(99);
  });

  it("says nothing of slices with too few events", () => {
    expect(compare(() => 1, { everyMs: 20 }).doubt).toBe(
      "0 clean slices of 500 events, 6 are needed",
    );
  });

  it("says nothing where the clean stretches differ from each other", () => {
    expect(compare((at) => (isIn(at, AFTER) ? 2 : 1)).doubt).toBe(
      "a p99 of 99 to 198 ms in the clean stretches",
    );
  });

  it("says nothing of a fault with nearly no events of the healthy", () => {
    const all = deliveries(() => 1).filter(({ loggedAt }) => !isIn(loggedAt, FAULTED));
    const spans = { clean: [BEFORE, AFTER], faulted: FAULTED, givenUpAt: [] };

    expect(compareSlices({ deliveries: all, ...spans }).doubt).toBe(
      "0 faulted slices of 500 events, 6 are needed",
    );
  });
});
