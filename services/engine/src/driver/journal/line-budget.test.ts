import { describe, expect, it } from "vitest";
import { LineBudget } from "./line-budget.ts";

/** What became of `count` lines at one moment. */
function takeMany(budget: LineBudget, now: number, count: number): (number | null)[] {
  return Array.from({ length: count }, () => budget.take(now));
}

describe("the budget of a kind of log line", () => {
  it("lets a hundred pass in ten seconds and leaves the others out", () => {
    const budget = new LineBudget();

    const taken = [...takeMany(budget, 0, 60), ...takeMany(budget, 9_999, 60)];

    expect(taken.filter((left) => left === 0)).toHaveLength(100);
    expect(taken.slice(100)).toEqual(Array.from({ length: 20 }, () => null));
  });

  it("says with the first line of the next ten seconds how many were left out, once", () => {
    const budget = new LineBudget();
    takeMany(budget, 0, 130);

    expect([budget.take(10_000), budget.take(10_000)]).toEqual([30, 0]);
  });
});
