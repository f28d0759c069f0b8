import { asOffset, asPartition, asTopic, type PartitionRange } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { Position } from "../position.ts";
import { pastRanges, type PastRangeGround, type PastRangeRequest } from "./past-ranges.ts";

/** A log of three partitions: 0 has offsets 10 to 19, 1 has none any more, 2 has 4 to 5. */
const LOG: readonly PartitionRange[] = (
  [
    [0, 10, 20],
    [1, 5, 5],
    [2, 4, 6],
  ] as const
).map(([partition, start, end]) => ({
  partition: asPartition(partition),
  ...{ logStartOffset: asOffset(start), logEndOffset: asOffset(end) },
}));

const READER: PastRangeGround["reader"] = {
  ranges: () => Promise.resolve(LOG),
  offsetAt: ({ partition }) => {
    const start = LOG.find((one) => one.partition === partition)?.logStartOffset ?? 0;
    return Promise.resolve(asOffset(partition === 0 ? 15 : start));
  },
};

interface Setup extends Partial<PastRangeRequest> {
  readonly committed?: number;
  readonly end?: PastRangeGround["end"];
}

async function rangesOf({ committed = 12, end = "may-come", ...request }: Setup) {
  const standard = { topics: [], from: { kind: "earliest" }, to: { kind: "latest" } } as const;
  const { ranges, gone } = await pastRanges(
    { ...standard, ...request },
    {
      ...{ reader: READER, target: { name: "crm", topics: ["orders"] }, end },
      committed: () => Promise.resolve(new Map([[0, committed]])),
    },
  );
  return {
    ranges: ranges.map(({ topic, partition, from, to }) => [topic, partition, from, to]),
    gone: gone.map((one) => [one.topic, one.partition, one.from, one.to, one.isExact]),
  };
}

const at = (...offsets: readonly (readonly [partition: number, offset: number])[]): Position => ({
  kind: "offsets",
  offsets: new Map(offsets),
});
const only = (...partitions: readonly number[]) => [{ topic: "orders", partitions }];
const ORDERS = asTopic("orders");

describe("the ranges of past events", () => {
  it("are all that is there of the topics that are read, without empty partitions", async () => {
    expect(await rangesOf({})).toEqual({
      ranges: [
        [ORDERS, 0, 10, 20],
        [ORDERS, 2, 4, 6],
      ],
      gone: [],
    });
  });

  it.each<readonly [string, Setup, readonly [from: number, to: number]]>([
    ["between offsets", { from: at([0, 11]), to: at([0, 13]) }, [11, 13]],
    ["from what is committed", { from: { kind: "committed" }, topics: only(0) }, [12, 20]],
    ["from a time", { from: { kind: "time", epochMs: 1 }, topics: only(0) }, [15, 20]],
    ["to the end of the log, where one is still to come", { to: at([0, 99]) }, [10, 20]],
    ["of chosen partitions", { topics: only(0) }, [10, 20]],
  ])("go %s", async (_, request, [from, to]) => {
    expect(await rangesOf(request)).toEqual({ ranges: [[ORDERS, 0, from, to]], gone: [] });
  });

  it("are none where the end is not after the beginning", async () => {
    expect((await rangesOf({ from: at([0, 15]), to: at([0, 15]) })).ranges).toEqual([]);
  });

  it("begin where the log does where retention has cut them, and say what is gone by partition", async () => {
    expect(await rangesOf({ from: at([0, 3], [1, 1], [2, 5]) })).toEqual({
      ranges: [
        [ORDERS, 0, 10, 20],
        [ORDERS, 2, 5, 6],
      ],
      gone: [
        ["orders", 0, "3", "10", true],
        ["orders", 1, "1", "5", true],
      ],
    });
    expect(await rangesOf({ from: { kind: "committed" }, committed: 7, topics: only(0) })).toEqual({
      ranges: [[ORDERS, 0, 10, 20]],
      gone: [["orders", 0, "7", "10", true]],
    });
  });

  it("say what may be gone where a time was asked for that the log does not reach", async () => {
    const { gone } = await rangesOf({ from: { kind: "time", epochMs: 1 } });

    expect(gone).toEqual([
      ["orders", 1, "0", "5", false],
      ["orders", 2, "0", "4", false],
    ]);
  });

  it("may have to end in the log as it is", async () => {
    const beyond = rangesOf({ to: at([0, 99]), end: "in-log" });

    await expect(beyond).rejects.toMatchObject({
      exitCode: 4,
      message: "orders/0 has no offset 99",
    });
  });

  it("are refused of topics that the target does not read, with the nearest that it does, and of one named twice", async () => {
    const topics = [{ topic: "ordrs", partitions: null }];
    await expect(rangesOf({ topics })).rejects.toMatchObject({
      exitCode: 4,
      message: "crm does not read topic ordrs",
      hint: "did you mean orders?",
    });
    await expect(rangesOf({ topics: [...only(0), ...only(0)] })).rejects.toMatchObject({
      exitCode: 2,
    });
  });
});
