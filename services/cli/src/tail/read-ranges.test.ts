import { describe, expect, it } from "vitest";
import { MemoryReader, T0 } from "../../test-support/memory-reader.ts";
import type { Position } from "../position.ts";
import { readRanges, type GoneRange } from "./read-ranges.ts";

const KEYS = ["a", "b", "a", "b", "a", "b", "a", "b", "a", "b"];
const LATEST: Position = { kind: "latest" };
const at = (offset: number): Position => ({ kind: "offsets", offsets: new Map([[0, offset]]) });
const time = (second: number): Position => ({ kind: "time", epochMs: T0 + second * 1_000 });

/** The range of a log of ten records, a second apart, whose first four are gone, and what is told of these. */
async function rangeOf(of: {
  readonly from: Position;
  readonly to?: Position | null;
  readonly committed?: number | null;
  readonly start?: number;
  readonly isTold?: false;
  readonly end?: "in-log";
}) {
  const { from, to = LATEST, committed = null, start = 4, isTold = true, end } = of;
  const gone: GoneRange[] = [];
  const ranges = await readRanges(new MemoryReader([KEYS], start), {
    ...{ topic: "users", partitions: null, from, to },
    ...{ committed: () => Promise.resolve(new Map([[0, committed]])), ...(end && { end }) },
    ...(isTold ? { onGone: (one: GoneRange) => gone.push(one) } : {}),
  });
  return {
    ranges: ranges.map((range) => [range.from, range.to]),
    gone: gone.map((one) => [one.from, one.to, one.isExact]),
  };
}

describe("a range of which what is gone is told", () => {
  it("begins at the log's start where its beginning is gone, and tells what is", async () => {
    expect(await rangeOf({ from: at(1) })).toEqual({ ranges: [[4, 10]], gone: [[1, 4, true]] });
    expect(await rangeOf({ from: { kind: "committed" }, committed: 3 })).toEqual({
      ranges: [[4, 10]],
      gone: [[3, 4, true]],
    });
  });

  it("tells of no more than was asked for", async () => {
    const { gone } = await rangeOf({ from: at(1), to: at(3) });

    expect(gone).toEqual([[1, 3, true]]);
  });

  it("tells what may be gone where a time was asked for that the log does not reach", async () => {
    expect(await rangeOf({ from: time(2) })).toEqual({ ranges: [[4, 10]], gone: [[0, 4, false]] });
    expect(await rangeOf({ from: time(1), to: time(2) })).toMatchObject({ gone: [[0, 4, false]] });
  });

  it("tells nothing where nothing is gone of it", async () => {
    const whole = { ranges: [[4, 10]], gone: [] };

    expect(await rangeOf({ from: at(4) })).toEqual(whole);
    expect(await rangeOf({ from: { kind: "earliest" } })).toEqual(whole);
    expect(await rangeOf({ from: time(6) })).toMatchObject({ ranges: [[6, 10]], gone: [] });
    expect(await rangeOf({ from: time(-5), start: 0 })).toMatchObject({ gone: [] });
  });

  it("may not end beyond the log, which it would wait for, where it has to lie in it", async () => {
    await expect(rangeOf({ from: at(4), to: at(11), end: "in-log" })).rejects.toMatchObject({
      exitCode: 4,
      message: "users/0 has no offset 11",
      hint: "its log goes from 4 up to 10",
    });
  });
});

describe("a range that may go on", () => {
  it("is refused where its beginning is gone", async () => {
    await expect(rangeOf({ from: at(1), isTold: false })).rejects.toMatchObject({ exitCode: 4 });
  });

  it("may end where the log is not yet", async () => {
    expect(await rangeOf({ from: at(5), to: at(99), isTold: false })).toMatchObject({
      ranges: [[5, 99]],
    });
  });
});
