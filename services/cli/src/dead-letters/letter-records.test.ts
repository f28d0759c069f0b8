import { asOffset, asPartition } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { spansOf } from "./letter-records.ts";

const at = (partition: number, offset: number) => ({
  at: { partition: asPartition(partition), offset: asOffset(offset), timestampMs: 0 },
});

describe("the records of dead letters", () => {
  it("are read from the first of a partition to the last, and in no other one", () => {
    const spans = spansOf([at(3, 8), at(1, 5), at(3, 2), at(3, 4)]);

    expect([...spans]).toEqual([
      [3, { from: 2, to: 9 }],
      [1, { from: 5, to: 6 }],
    ]);
  });
});
