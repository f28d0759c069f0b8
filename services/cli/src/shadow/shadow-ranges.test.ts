import { asOffset, asPartition, asTopic, type PartitionRange } from "@millrace/engine";
import type { LogReader } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import type { Position } from "../position.ts";
import { shadowRanges, type ShadowRangeRequest } from "./shadow-ranges.ts";

/** A log of two partitions: 0 has offsets 10 to 19, 1 has none. */
const LOG: readonly PartitionRange[] = [
  { partition: asPartition(0), logStartOffset: asOffset(10), logEndOffset: asOffset(20) },
  { partition: asPartition(1), logStartOffset: asOffset(5), logEndOffset: asOffset(5) },
];

const READER: Pick<LogReader, "ranges" | "offsetAt"> = {
  ranges: () => Promise.resolve(LOG),
  offsetAt: ({ partition }) => Promise.resolve(asOffset(partition === 0 ? 15 : 5)),
};

function rangesOf(request: Partial<ShadowRangeRequest>, committed: number | null = 12) {
  const standard = { topics: [], from: { kind: "earliest" }, to: { kind: "latest" } } as const;
  return shadowRanges(
    { ...standard, ...request },
    {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- nothing is read
      reader: READER as LogReader,
      readTopics: ["orders"],
      committed: () => Promise.resolve(new Map([[0, committed]])),
    },
  );
}

const at = (offset: number): Position => ({ kind: "offsets", offsets: new Map([[0, offset]]) });
const place = { topic: asTopic("orders"), partition: asPartition(0) };

describe("shadowRanges", () => {
  it("has all that is there of the topics that are read, without empty partitions", async () => {
    expect(await rangesOf({})).toEqual([{ ...place, from: 10, to: 20 }]);
  });

  it.each<readonly [string, Partial<ShadowRangeRequest>, { from: number; to: number }]>([
    ["offsets", { from: at(11), to: at(13) }, { from: 11, to: 13 }],
    ["what is committed", { from: { kind: "committed" } }, { from: 12, to: 20 }],
    ["a time", { from: { kind: "time", epochMs: 1 } }, { from: 15, to: 20 }],
    ["an end that is still to come", { to: at(99) }, { from: 10, to: 20 }],
    ["chosen partitions", { topics: [{ topic: "orders", partitions: [0] }] }, { from: 10, to: 20 }],
  ])("takes %s", async (_, request, range) => {
    expect(await rangesOf(request)).toEqual([{ ...place, ...range }]);
  });

  it("is empty where the end is not after the beginning", async () => {
    expect(await rangesOf({ from: at(15), to: at(15) })).toEqual([]);
  });

  it("refuses topics that the target does not read or that stand twice, and offsets that are not there", async () => {
    const topics = [{ topic: "users", partitions: null }];
    await expect(rangesOf({ topics })).rejects.toMatchObject({
      exitCode: 4,
      hint: "it reads orders",
    });
    const twice = [
      { topic: "orders", partitions: [0] },
      { topic: "orders", partitions: [0] },
    ];
    await expect(rangesOf({ topics: twice })).rejects.toMatchObject({ exitCode: 2 });
    await expect(rangesOf({ from: at(3) })).rejects.toThrow("orders/0 has no offset 3");
  });
});
