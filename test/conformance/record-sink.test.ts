import {
  asPartition,
  asTopic,
  type RecordSink,
  type SinkRecord,
  type Topic,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { RecordingListener } from "../support/recording-listener.ts";
import { WORLDS, type KafkaWorld } from "../support/kafka-world.ts";

interface Bundle {
  readonly world: KafkaWorld;
  readonly topic: Topic;
  readonly sink: RecordSink;
  readonly record: (key: string | null, value: string, partition?: number) => SinkRecord;
  /** Values by offset, of one partition or of all. */
  readonly values: (partition?: number) => Promise<readonly string[]>;
}

async function setup(create: () => KafkaWorld, partitionCount = 1): Promise<Bundle> {
  const world = create();
  const topic = await world.topic(partitionCount);
  return {
    world,
    topic,
    sink: world.sink(),
    record: (key, value, partition) => ({
      topic,
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value),
      headers: {},
      ...(partition === undefined ? {} : { partition: asPartition(partition) }),
    }),
    values: async (partition) => {
      const records = await world.read(topic);
      const own = records.filter((one) => partition === undefined || one.partition === partition);
      return own.map(({ value }) => Buffer.from(value ?? []).toString());
    },
  };
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** Bytes that no broker takes in one record. */
const TOO_LARGE = "x".repeat(1_100_000);

/** What every record sink must do, whatever it writes to. */
describe.each(WORLDS)("a record sink %s", (_, create) => {
  it("gives positions in the order of the records, as the log has them", async () => {
    const { world, topic, sink, record } = await setup(create, 4);
    const written = numbers(200).map((n) => record(`key ${n % 17}`, `value ${n}`));

    const positions = await sink.append(written);

    const records = await world.read(topic);
    expect(positions).toHaveLength(200);
    positions.forEach(({ topic: where, partition, offset }, n) => {
      const found = records.find((one) => one.partition === partition && one.offset === offset);
      expect(where).toBe(topic);
      expect(Buffer.from(found?.value ?? []).toString()).toBe(`value ${n}`);
    });
  });

  it("keeps the order of calls per key, however many are open at once", async () => {
    const { world, topic, sink, record } = await setup(create, 3);

    await Promise.all(numbers(3_000).map((n) => sink.append([record(`key ${n % 50}`, `${n}`)])));

    const byKey = Map.groupBy(await world.read(topic), ({ key }) =>
      Buffer.from(key ?? []).toString(),
    );
    expect(byKey.size).toBe(50);
    for (const records of byKey.values()) {
      const order = records.map(({ value }) => Number(Buffer.from(value ?? []).toString()));
      expect(order).toHaveLength(60);
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    }
  });

  it("writes to the partition it is told", async () => {
    const { sink, record, values } = await setup(create, 3);

    const positions = await sink.append([record("a", "one", 2), record("a", "two", 0)]);

    expect(positions.map(({ partition }) => partition)).toEqual([2, 0]);
    expect(await values(2)).toEqual(["one"]);
    expect(await values(0)).toEqual(["two"]);
  });

  it("keeps null apart from empty, and headers as they are", async () => {
    const { world, topic, sink } = await setup(create);
    const headers = { ce_id: Buffer.from("1"), twice: [Buffer.from("a"), Buffer.from("b")] };
    await sink.append([
      { topic, key: null, value: null, headers: {} },
      { topic, key: Buffer.alloc(0), value: Buffer.alloc(0), headers },
    ]);

    const source = world.source(world.groupId(), [topic]);
    const listener = new RecordingListener(source);
    await source.start(listener);
    await listener.received(2);

    const [first, second] = listener.all;
    expect([first?.key, first?.value]).toEqual([null, null]);
    expect([second?.key?.length, second?.value?.length]).toEqual([0, 0]);
    expect(Object.keys(first?.headers ?? { none: 0 })).toEqual([]);
    expect(headerTexts(second?.headers["ce_id"])).toEqual(["1"]);
    expect(headerTexts(second?.headers["twice"])).toEqual(["a", "b"]);
  });

  it("writes nothing for an empty call", async () => {
    const { sink, values } = await setup(create);

    expect(await sink.append([])).toEqual([]);

    expect(await values()).toEqual([]);
  });

  it("refuses a record that is too large, and only that one", async () => {
    const { sink, record, values } = await setup(create);
    const around = numbers(20).map((n) => sink.append([record(`key ${n}`, `before ${n}`)]));

    const refused = sink.append([record("key", TOO_LARGE)]);
    around.push(...numbers(20).map((n) => sink.append([record(`key ${n}`, `after ${n}`)])));

    await expect(refused).rejects.toMatchObject({ code: "PRODUCE_REFUSED" });
    const positions = (await Promise.all(around)).flat();
    const expected = ["before", "after"].flatMap((when) => numbers(20).map((n) => `${when} ${n}`));
    expect(await values()).toEqual(expected);
    expect(positions.map(({ offset }) => offset)).toEqual(numbers(40));
    expect(await sink.append([record("key", "still")])).toMatchObject([{ offset: 40 }]);
  });

  it("refuses a partition that the topic does not have", async () => {
    const { sink, record } = await setup(create, 2);

    const refused = sink.append([record("a", "one", 2)]);

    await expect(refused).rejects.toMatchObject({ code: "PRODUCE_REFUSED" });
  });

  it("says when a topic does not exist, and goes on with the others", async () => {
    const { sink, record, values } = await setup(create);
    const lost = { ...record("a", "lost"), topic: asTopic("no-such-topic") };

    const missing = sink.append([lost]);
    const written = sink.append([record("a", "one")]);

    await expect(missing).rejects.toMatchObject({ code: "TOPIC_MISSING" });
    await written;
    expect(await values()).toEqual(["one"]);
  });

  it("writes what it was given before it closes, and nothing after", async () => {
    const { sink, record, values } = await setup(create);
    const written = sink.append([record("a", "one")]);

    await Promise.all([sink.close(), sink.close()]);

    expect(await written).toHaveLength(1);
    const late = sink.append([record("a", "two")]);
    await expect(late).rejects.toMatchObject({ code: "PRODUCE_FAILED" });
    expect(await values()).toEqual(["one"]);
  });
});

function headerTexts(value: Uint8Array | readonly Uint8Array[] | undefined): readonly string[] {
  if (value === undefined) return [];
  const values = value instanceof Uint8Array ? [value] : value;
  return values.map((one) => Buffer.from(one).toString());
}
