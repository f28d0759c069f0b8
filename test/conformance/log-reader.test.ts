import {
  asOffset,
  asPartition,
  asTopic,
  type RecordBatch,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import { createLogReader, plainConnection, type LogReader } from "@millrace/kafka";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld, testBrokers, type PlainRecord } from "../support/kafka-world.ts";

interface Bundle {
  readonly world: RealWorld;
  readonly topic: Topic;
  readonly reader: LogReader;
  readonly at: (partition: number) => TopicPartition;
}

async function setup(partitionCount = 1): Promise<Bundle> {
  const world = new RealWorld();
  const topic = await world.topic(partitionCount);
  const reader = createLogReader({ connection: plainConnection(testBrokers(), "millrace-test") });
  onTestFinished(() => reader.close());
  return {
    world,
    topic,
    reader,
    at: (partition) => ({ topic, partition: asPartition(partition) }),
  };
}

const records = (count: number): readonly PlainRecord[] =>
  Array.from({ length: count }, (_, n) => ({ value: Buffer.from(`${n}`) }));

async function readAll(
  batches: AsyncIterable<RecordBatch>,
): Promise<readonly (readonly [number, number])[]> {
  const read: [number, number][] = [];
  for await (const { partition, records: found } of batches) {
    for (const { offset } of found) read.push([partition, offset]);
  }
  return read.sort(([p, o], [q, r]) => p - q || o - r);
}

describe("a log reader on Kafka", () => {
  it("knows where each partition begins and ends", async () => {
    const { world, topic, reader, at } = await setup(2);
    await world.write(at(1), records(5));
    await world.truncate(at(1), asOffset(2));

    expect(await reader.ranges(topic)).toEqual([
      { partition: 0, logStartOffset: 0, logEndOffset: 0 },
      { partition: 1, logStartOffset: 2, logEndOffset: 5 },
    ]);
    expect(await reader.offsetAt(at(1), { kind: "earliest" })).toBe(2);
    expect(await reader.offsetAt(at(1), { kind: "time", epochMs: Date.now() + 60_000 })).toBe(5);
  });

  it("reads exactly the ranges it is given, and ends", async () => {
    const { world, reader, at } = await setup(2);
    await world.write(at(0), records(10));
    await world.write(at(1), records(10));

    const read = await readAll(
      reader.read([
        { ...at(0), from: asOffset(3), to: asOffset(6) },
        { ...at(1), from: asOffset(8), to: asOffset(10) },
        { ...at(1), from: asOffset(4), to: asOffset(4) },
      ]),
    );

    expect(read).toEqual([
      [0, 3],
      [0, 4],
      [0, 5],
      [1, 8],
      [1, 9],
    ]);
  });

  it("ends where the last offset of a range holds no record", async () => {
    const { world, reader, at } = await setup();
    await world.write(at(0), records(1));
    await world.hide(at(0));
    await world.write(at(0), records(1));

    const read = await readAll(reader.read([{ ...at(0), from: asOffset(0), to: asOffset(2) }]));

    expect(read).toEqual([[0, 0]]);
  });

  it("follows what is written later, until it is told to stop", async () => {
    const { world, reader, at } = await setup();
    await world.write(at(0), records(2));
    const stop = new AbortController();
    const read: number[] = [];

    for await (const batch of reader.read([{ ...at(0), from: asOffset(1) }], stop.signal)) {
      read.push(...batch.records.map(({ offset }) => offset));
      if (read.length === 1) await world.write(at(0), records(2));
      if (read.length === 3) stop.abort();
    }

    expect(read).toEqual([1, 2, 3]);
  });

  it("waits for a slow reader with few batches in hand, and loses none", async () => {
    const { world, reader, at } = await setup();
    const big = Buffer.alloc(100_000);
    for (let turn = 0; turn < 12; turn += 1) {
      await world.write(
        at(0),
        Array.from({ length: 9 }, () => ({ value: big })),
      );
    }

    const read: number[] = [];
    for await (const batch of reader.read([{ ...at(0), from: asOffset(0), to: asOffset(108) }])) {
      await new Promise((resolve) => setImmediate(resolve));
      read.push(...batch.records.map(({ offset }) => offset));
    }

    expect(read).toEqual(Array.from({ length: 108 }, (_, n) => n));
  });

  it("fails where a range begins outside the log, and says where", async () => {
    const { world, topic, reader, at } = await setup();
    await world.write(at(0), records(4));
    await world.truncate(at(0), asOffset(2));

    const reading = readAll(reader.read([{ ...at(0), from: asOffset(1), to: asOffset(4) }]));

    await expect(reading).rejects.toMatchObject({ code: "OFFSETS_GONE" });
    await expect(reading).rejects.toThrow(`${topic}/0 offset 1`);
  });

  it("says when a topic does not exist", async () => {
    const { reader } = await setup();
    const topic = asTopic("no-such-topic");

    await expect(reader.ranges(topic)).rejects.toMatchObject({ code: "TOPIC_MISSING" });
    const reading = readAll(reader.read([{ topic, partition: asPartition(0), from: asOffset(0) }]));
    await expect(reading).rejects.toMatchObject({ code: "TOPIC_MISSING" });
  });

  it("ends its readings when it is closed, and says when no broker answers", async () => {
    const { reader, at } = await setup();
    const reading = readAll(reader.read([{ ...at(0), from: asOffset(0) }]));

    await reader.ranges(at(0).topic);
    await reader.close();
    await reading;

    const away = createLogReader({ connection: plainConnection(["127.0.0.1:1"], "millrace-test") });
    await expect(away.ranges(at(0).topic)).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
    await away.close();
  });
});
