import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { readAsideTopic, type AsideReading } from "./aside-topic.ts";

const TOPIC = asTopic("millrace.crm.dead");

/** Partition 0 has offsets 2 to 5, partition 1 has 0 to 1. */
const LOG = [
  { partition: asPartition(0), logStartOffset: asOffset(2), logEndOffset: asOffset(6) },
  { partition: asPartition(1), logStartOffset: asOffset(0), logEndOffset: asOffset(2) },
];

const READER: Pick<LogReader, "ranges" | "read"> = {
  ranges: () => Promise.resolve(LOG),
  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous
  async *read(ranges: readonly ReadRange[]) {
    for (const { topic, partition, from, to = from } of ranges) {
      const records = Array.from({ length: to - from }, (_, index): SourceRecord => {
        const place = { topic, partition, offset: asOffset(from + index) };
        return { ...place, timestampMs: 0, key: null, value: null, headers: {} };
      });
      yield { topic, partition, records, logEndOffset: to };
    }
  },
};

async function read(options: Partial<AsideReading>): Promise<readonly string[]> {
  const seen: string[] = [];
  await readAsideTopic({
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- nothing is closed or asked for a time
    reader: READER as LogReader,
    topic: TOPIC,
    onRecord: ({ partition, offset }) => seen.push(`${partition}:${offset}`),
    ...options,
  });
  return seen;
}

describe("a topic of a target's own", () => {
  it("is read whole", async () => {
    expect(await read({})).toEqual(["0:2", "0:3", "0:4", "0:5", "1:0", "1:1"]);
  });

  it("is read in spans, of which what is not there is passed over", async () => {
    const spans = (entries: readonly (readonly [number, number, number])[]) =>
      new Map(entries.map(([partition, from, to]) => [partition, { from, to }]));

    expect(await read({ spans: spans([[0, 3, 5]]) })).toEqual(["0:3", "0:4"]);
    expect(
      await read({
        spans: spans([
          [0, 0, 3],
          [1, 1, 9],
        ]),
      }),
    ).toEqual(["0:2", "1:1"]);
    expect(
      await read({
        spans: spans([
          [0, 0, 2],
          [7, 0, 1],
        ]),
      }),
    ).toEqual([]);
  });

  it("waits for what is done with a record before the next one", async () => {
    const steps: string[] = [];
    const onRecord = async ({ offset }: SourceRecord): Promise<void> => {
      steps.push(`begin ${offset}`);
      await Promise.resolve();
      steps.push(`end ${offset}`);
    };

    await read({ onRecord, spans: new Map([[1, { from: 0, to: 2 }]]) });

    expect(steps).toEqual(["begin 0", "end 0", "begin 1", "end 1"]);
  });
});
