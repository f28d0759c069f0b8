import { describe, expect, it } from "vitest";
import { runClock } from "./run-clock.ts";

describe("the clock of a run", () => {
  it("keeps within the milliseconds of a wall clock that is slowed down", () => {
    const hands = { wall: 1_000, steady: 0 };
    const now = runClock({ wall: () => Math.floor(hands.wall), steady: () => hands.steady });
    for (let count = 0; count < 5_000; count += 1) {
      hands.steady += 0.7;
      hands.wall += 0.6;
      expect(Math.floor(now())).toBe(Math.floor(hands.wall));
    }
  });

  it("keeps within the milliseconds of a wall clock that is sped up", () => {
    const hands = { wall: 1_000, steady: 0 };
    const now = runClock({ wall: () => Math.floor(hands.wall), steady: () => hands.steady });
    for (let count = 0; count < 5_000; count += 1) {
      hands.steady += 0.6;
      hands.wall += 0.7;
      expect(Math.floor(now())).toBe(Math.floor(hands.wall));
    }
  });

  it("tells moments within a millisecond apart", () => {
    const hands = { wall: 1_000, steady: 0 };
    const now = runClock({ wall: () => hands.wall, steady: () => hands.steady });
    hands.steady = 0.2;
    const first = now();
    hands.steady = 0.4;
    expect(now() - first).toBeCloseTo(0.2);
  });

  it("stands still while the wall clock is set back", () => {
    const hands = { wall: 1_000, steady: 0 };
    const now = runClock({ wall: () => hands.wall, steady: () => hands.steady });
    const before = now();
    hands.wall = 990;
    hands.steady = 5;
    expect(now()).toBe(before);
  });
});
