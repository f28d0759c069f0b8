import { describe, expect, it } from "vitest";
import { RedriveCourse, type RedrivePace } from "./redrive-course.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

function course(count: number, pace: Partial<RedrivePace> = {}): RedriveCourse<number> {
  const whole = { canaryCount: 0, perSecond: null, failureRatioMax: 0.2, ...pace };
  return new RedriveCourse(numbers(count), whole);
}

describe("the course of a redrive", () => {
  it("asks for the canary alone, and for the rest once all of it was delivered", () => {
    const of = course(10, { canaryCount: 2 });

    expect(of.take(0)).toEqual([0, 1]);
    of.ended("delivered");
    expect(of.take(0)).toEqual([]);
    of.ended("delivered");
    expect(of.take(0)).toEqual(numbers(10).slice(2));
  });

  it("asks for nothing more when the canary fails, and is over when the others of it have ended", () => {
    const of = course(10, { canaryCount: 2 });
    of.take(0);

    of.ended("given-up");

    expect(of.stage).toEqual({ kind: "stopped", why: "canary-failed" });
    expect(of.take(0)).toEqual([]);
    expect(of.isOver).toBe(false);
    of.ended("delivered");
    expect(of.isOver).toBe(true);
  });

  it("keeps to its rate after the canary", () => {
    const of = course(10, { canaryCount: 1, perSecond: 2 });
    of.take(0);
    of.ended("delivered");

    expect(of.take(5_000)).toHaveLength(1);
    expect(of.take(5_400)).toHaveLength(0);
    expect(of.take(5_500)).toHaveLength(1);
    expect(of.take(7_000)).toHaveLength(3);
  });

  it("stops when too many are given up again, as soon as that says something", () => {
    const of = course(100);
    of.take(0);

    for (const end of numbers(9)) of.ended(end < 2 ? "given-up" : "delivered");
    expect(of.stage).toEqual({ kind: "rest" });
    of.ended("given-up");

    expect(of.stage).toEqual({ kind: "stopped", why: "too-many-failed" });
    expect(of.counts).toEqual({
      totalCount: 100,
      askedCount: 100,
      deliveredCount: 7,
      givenUpCount: 3,
    });
  });

  it("is done when all have ended", () => {
    const of = course(2, { canaryCount: 5 });

    expect(of.take(0)).toEqual([0, 1]);
    of.ended("delivered");
    of.ended("delivered");

    expect(of.stage).toEqual({ kind: "done" });
    expect(of.isOver).toBe(true);
  });

  it("of nothing is done at once", () => {
    expect(course(0, { canaryCount: 3 }).isOver).toBe(true);
  });

  it("asks for nothing more once it is interrupted", () => {
    const of = course(10, { perSecond: 1 });
    of.take(0);

    of.interrupt();

    expect(of.take(60_000)).toEqual([]);
    expect(of.isOver).toBe(false);
    of.ended("delivered");
    expect(of.isOver).toBe(true);
  });
});
