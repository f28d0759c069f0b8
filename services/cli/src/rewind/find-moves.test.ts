import { asOffset, asPartition, asTopic } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { MemoryReader, T0 } from "../../test-support/memory-reader.ts";
import type { Position } from "../position.ts";
import { findMoves } from "./find-moves.ts";

const LOG = ["a", "b", "c", "d", "e", "f"];

/** Moves of a group that has committed these offsets, in logs of six records each. */
async function find(committed: readonly (number | null)[], to: Position, start = 0) {
  const reader = new MemoryReader(
    committed.map(() => LOG),
    start,
  );
  const topics: { topic: string; partitions: number[] | null }[] = [];
  return findMoves(reader, { target: { topics: ["users"] }, topics, to }, (topic) =>
    Promise.resolve(
      committed.map((offset, partition) => ({
        ...{ topic: asTopic(topic), partition: asPartition(partition), lag: null },
        ...{ logStartOffset: asOffset(start), logEndOffset: asOffset(LOG.length) },
        committed: offset === null ? null : { offset: asOffset(offset), metadata: "" },
      })),
    ),
  );
}

describe("where a group is to go on", () => {
  it("is in each partition that it is not there already", async () => {
    const { moves } = await find([4, 0, null], { kind: "earliest" });

    expect(moves).toMatchObject([
      { topic: "users", partition: 0, committed: 4, to: 0 },
      { partition: 2, committed: null, to: 0 },
    ]);
  });

  it("is at the first record of a time, in partitions that are named where offsets are", async () => {
    const byTime = await find([6], { kind: "time", epochMs: T0 + 2_500 });
    const byOffset = await find([6, 6], { kind: "offsets", offsets: new Map([[1, 5]]) });

    expect(byTime.moves).toMatchObject([{ partition: 0, to: 3 }]);
    expect(byOffset.moves).toMatchObject([{ partition: 1, to: 5 }]);
  });

  it("is where the log begins when retention has cut what was asked for, which is told", async () => {
    const { moves, gone } = await find([6], { kind: "offsets", offsets: new Map([[0, 1]]) }, 4);

    expect(moves).toMatchObject([{ committed: 6, to: 4 }]);
    expect(gone).toEqual([{ topic: "users", partition: 0, from: "1", to: "4", isExact: true }]);
  });

  it("tells what retention took before the group had delivered it, where it goes on behind", async () => {
    const { moves, gone } = await find([1], { kind: "earliest" }, 4);

    expect(moves).toMatchObject([{ committed: 1, to: 4 }]);
    expect(gone).toEqual([{ topic: "users", partition: 0, from: "1", to: "4", isExact: true }]);
  });

  it("is refused beyond the end of the log", async () => {
    const found = find([6], { kind: "offsets", offsets: new Map([[0, 7]]) });

    await expect(found).rejects.toMatchObject({ exitCode: 4 });
  });
});
