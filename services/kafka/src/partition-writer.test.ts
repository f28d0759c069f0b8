import { asPartition, asTopic } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { PartitionWriter, type Entry } from "./partition-writer.ts";
import { SinkCall } from "./sink-call.ts";

const topic = asTopic("users");
const producer = { producerId: 7n, producerEpoch: 0 };
const NOW = 1_700_000_000_000;

function setup(
  count: number,
  bytes = 100,
): { writer: PartitionWriter; calls: readonly SinkCall[] } {
  const writer = new PartitionWriter({ topic, partition: asPartition(0) });
  const calls = Array.from({ length: count }, (_, calledAt) => add(writer, { calledAt, bytes }));
  return { writer, calls };
}

function add(
  writer: PartitionWriter,
  { calledAt, bytes = 100 }: { readonly calledAt: number; readonly bytes?: number },
): SinkCall {
  const record = { topic, key: null, value: Buffer.from(`${calledAt}`), headers: {} };
  const call = new SinkCall([record], calledAt);
  call.promise.catch(() => undefined);
  writer.add({ record, call, index: 0, bytes });
  return call;
}

const valuesOf = (entries: readonly Entry[] | undefined): readonly string[] =>
  (entries ?? []).map(({ record }) => Buffer.from(record.value ?? []).toString());

describe("a partition's writer", () => {
  it("gathers what waits into one batch, in order, and gives each its offset", async () => {
    const { writer, calls } = setup(3);

    const batch = writer.next(producer, NOW);
    writer.acknowledged(40);

    expect(valuesOf(batch?.entries)).toEqual(["0", "1", "2"]);
    const positions = (await Promise.all(calls.map((call) => call.promise))).flat();
    expect(positions.map(({ offset }) => offset)).toEqual([40, 41, 42]);
    expect(writer.isIdle).toBe(true);
  });

  it("sends a batch again as it was, whatever has come since, and counts its sequence on", () => {
    const { writer } = setup(2);

    const first = writer.next(producer, NOW);
    add(writer, { calledAt: 2 });
    const again = writer.next(producer, NOW + 1);
    writer.acknowledged(0);
    const second = writer.next(producer, NOW + 2);

    expect(again).toBe(first);
    expect(first?.firstSequence).toBe(0);
    expect(second?.firstSequence).toBe(2);
    expect(valuesOf(second?.entries)).toEqual(["2"]);
  });

  it("bounds a batch by bytes, but lets one large record go alone", () => {
    const { writer } = setup(3, 400_000);
    const large = setup(1, 2_000_000).writer;

    expect(writer.next(producer, NOW)?.entries).toHaveLength(1);
    expect(large.next(producer, NOW)?.entries).toHaveLength(1);
  });

  it("halves a refused batch down to the record that is to blame, and uses up no sequence for it", () => {
    const { writer } = setup(4);
    const refused: string[] = [];
    const acknowledged: string[] = [];
    let nextOffset = 0;

    for (let turn = 0; turn < 20 && !writer.isIdle; turn += 1) {
      const batch = writer.next(producer, NOW);
      expect(batch?.firstSequence).toBe(acknowledged.length);
      const values = valuesOf(batch?.entries);
      if (values.includes("2")) writer.split((entry) => refused.push(...valuesOf([entry])));
      else {
        acknowledged.push(...values);
        writer.acknowledged(nextOffset);
        nextOffset += values.length;
      }
    }

    expect(refused).toEqual(["2"]);
    expect(acknowledged).toEqual(["0", "1", "3"]);
  });

  it("begins a new sequence with a new producer, and after a rewind keeps the order", () => {
    const { writer } = setup(2);
    writer.next(producer, NOW);
    add(writer, { calledAt: 2 });

    writer.rewind();
    const batch = writer.next({ producerId: 8n, producerEpoch: 0 }, NOW);

    expect(batch?.firstSequence).toBe(0);
    expect(batch?.producer.producerId).toBe(8n);
    expect(valuesOf(batch?.entries)).toEqual(["0", "1", "2"]);
  });

  it("gives up what is too old, and says whether its batch may stand in the log", async () => {
    const { writer, calls } = setup(3);
    const batch = writer.next(producer, NOW);
    add(writer, { calledAt: 9 });
    if (batch !== null) batch.doubtCount = 1;

    const result = writer.expire(5, () => new Error("too late"));

    expect(result.isBatchInDoubt).toBe(true);
    await expect(calls[0]?.promise).rejects.toThrow("too late");
    expect(valuesOf(writer.next(producer, NOW)?.entries)).toEqual(["9"]);
  });

  it("leaves out what belongs to a call that has failed already", () => {
    const { writer, calls } = setup(2);

    calls[0]?.fail(new Error("elsewhere"));

    expect(valuesOf(writer.next(producer, NOW)?.entries)).toEqual(["1"]);
  });
});
