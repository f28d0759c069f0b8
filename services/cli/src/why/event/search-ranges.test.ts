import { asOffset, asPartition, asTopic } from "@millrace/engine";
import { uuidV7 } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { madeAt, searchRanges, type SearchedPartition } from "./search-ranges.ts";

function partition(number: number, end: number, from: number | null): SearchedPartition {
  return {
    ...{ topic: asTopic("users"), partition: asPartition(number), logStartOffset: asOffset(10) },
    ...{ logEndOffset: asOffset(end), from: from === null ? null : asOffset(from) },
  };
}

const bounds = (partitions: readonly SearchedPartition[], countMax: number) => {
  const { ranges, isPartial } = searchRanges(partitions, countMax);
  return { ranges: ranges.map(({ from, to }) => [from, to]), isPartial };
};

describe("what is searched of the logs", () => {
  it("is what comes from the time on, so many records of each partition", () => {
    const partitions = [partition(0, 100, 20), partition(1, 30, 25)];

    expect(bounds(partitions, 1_000)).toEqual({
      isPartial: false,
      ranges: [
        [20, 100],
        [25, 30],
      ],
    });
    expect(bounds(partitions, 100)).toEqual({
      isPartial: true,
      ranges: [
        [20, 70],
        [25, 30],
      ],
    });
  });

  it("is the newest records where nobody knows from when on", () => {
    expect(bounds([partition(0, 100, null)], 1_000)).toEqual({
      isPartial: false,
      ranges: [[10, 100]],
    });
    expect(bounds([partition(0, 100, null)], 40)).toEqual({ isPartial: true, ranges: [[60, 100]] });
  });

  it("begins where the log does, and leaves out what is empty", () => {
    expect(bounds([partition(0, 100, 3), partition(1, 10, null)], 1_000)).toEqual({
      ...{ isPartial: false, ranges: [[10, 100]] },
    });
    expect(bounds([], 1_000)).toEqual({ isPartial: false, ranges: [] });
  });
});

describe("the time in an id", () => {
  it("is there in a UUIDv7", () => {
    expect(madeAt(uuidV7(1_700_000_000_000))).toBe(1_700_000_000_000);
    expect(madeAt("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")).toBe(Date.UTC(2022, 1, 22, 19, 22, 22));
  });

  it.each(["6ba7b810-9dad-41d1-80b4-00c04fd430c8", "order-17", ""])("is not in %j", (id) => {
    expect(madeAt(id)).toBeNull();
  });
});
