import {
  asOffset,
  asPartition,
  asTopic,
  MillraceError,
  type RecordBatch,
  type SourceRecord,
} from "@millrace/engine";
import type { ReadRange } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { readAsideTopic, type AsideReading, type ReadingProgress } from "./aside-topic.ts";

const topic = asTopic("millrace.crm.dead");

const record = (partition: number, offset: number): SourceRecord => ({
  ...{ topic, partition: asPartition(partition), offset: asOffset(offset), timestampMs: 0 },
  ...{ key: null, value: null, headers: {} },
});

/**
 * A topic of two partitions, four records each, a record a batch. `deletions` say what is deleted when so many batches were
 * read: a partition and where it starts then.
 */
function setup(
  deletions: Readonly<Record<number, readonly [partition: number, start: number]>>,
  starts = [0, 0],
) {
  let batchCount = 0;
  const reader: AsideReading["reader"] = {
    ranges: () =>
      Promise.resolve(
        starts.map((start, partition) => ({
          ...{ partition: asPartition(partition), logStartOffset: asOffset(start) },
          logEndOffset: asOffset(4),
        })),
      ),
    async *read(ranges: readonly ReadRange[]): AsyncGenerator<RecordBatch, void> {
      for (const { partition, from, to = asOffset(4) } of ranges) {
        for (let offset: number = from; offset < to; offset += 1) {
          const [deleted, start] = deletions[batchCount] ?? [];
          if (deleted !== undefined && start !== undefined) starts[deleted] = start;
          await Promise.resolve();
          if (offset < (starts[partition] ?? 0)) {
            throw new MillraceError("OFFSETS_GONE", `not in the log: ${offset}`);
          }
          batchCount += 1;
          const records = [record(partition, offset)];
          yield { topic, partition, records, logEndOffset: asOffset(4) };
        }
      }
    },
  };
  const seen: string[] = [];
  const progress: ReadingProgress[] = [];
  const read = (options: Partial<AsideReading> = {}): Promise<void> =>
    readAsideTopic({
      ...{ reader, topic },
      onRecord: ({ partition, offset }) => seen.push(`${partition}:${offset}`),
      onProgress: (one) => progress.push(one),
      ...options,
    });
  return { reader, read, seen, progress };
}

describe("reading a topic of dead letters or parked events", () => {
  it("gives each record of each partition, in order, and how far it has come", async () => {
    const { read, seen, progress } = setup({});

    await read();

    expect(seen).toEqual(["0:0", "0:1", "0:2", "0:3", "1:0", "1:1", "1:2", "1:3"]);
    expect(progress.at(-1)).toEqual({ readCount: 8, totalCount: 8 });
  });

  it("leaves out what is deleted meanwhile, and gives the rest once", async () => {
    const { read, seen, progress } = setup({ 1: [0, 3], 3: [1, 2] });

    await read();

    expect(seen).toEqual(["0:0", "0:3", "1:0", "1:2", "1:3"]);
    expect(progress.at(-1)).toEqual({ readCount: 8, totalCount: 8 });
  });

  it("ends where all that was left is deleted", async () => {
    const { read, seen } = setup({ 1: [0, 4], 2: [1, 4] });

    await read();

    expect(seen).toEqual(["0:0", "1:0"]);
  });

  it.each([
    { spans: [[0, 1, 3]], there: ["0:2"] },
    {
      spans: [
        [0, 0, 3],
        [1, 3, 9],
      ],
      there: ["0:2", "1:3"],
    },
    {
      spans: [
        [0, 0, 2],
        [7, 0, 1],
      ],
      there: [],
    },
  ] as const)("gives spans of it, passing over what is not there", async ({ spans, there }) => {
    const { read, seen } = setup({}, [2, 0]);

    await read({ spans: new Map(spans.map(([partition, from, to]) => [partition, { from, to }])) });

    expect(seen).toEqual(there);
  });

  it("waits for what is done with a record before the next one", async () => {
    const { read } = setup({});
    const steps: string[] = [];
    const onRecord = async ({ offset }: SourceRecord): Promise<void> => {
      steps.push(`begin ${offset}`);
      await Promise.resolve();
      steps.push(`end ${offset}`);
    };

    await read({ onRecord, spans: new Map([[1, { from: 0, to: 2 }]]) });

    expect(steps).toEqual(["begin 0", "end 0", "begin 1", "end 1"]);
  });

  it("fails when records are gone that the log is said to hold", async () => {
    const { reader, read } = setup({ 1: [0, 3] });
    const ranges = await reader.ranges(topic);
    reader.ranges = () => Promise.resolve(ranges);

    await expect(read()).rejects.toMatchObject({ code: "OFFSETS_GONE" });
  });
});
