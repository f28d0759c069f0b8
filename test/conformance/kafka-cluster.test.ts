import { asPartition, type Topic, type TopicPartition } from "@millrace/engine";
import { Kafka, logLevel } from "kafkajs";
import { describe, expect, it } from "vitest";
import { RealWorld, testBrokers } from "../support/kafka-world.ts";
import { RecordingListener } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";

const placeOf = (topic: Topic, partition = 0): TopicPartition => ({
  topic,
  partition: asPartition(partition),
});

/** What only a real cluster can do to the adapter. */
describe("the Kafka adapter", () => {
  it("takes up another producer identity when the broker refuses its sequence, and repeats nothing", async () => {
    const world = new RealWorld();
    const topic = await world.topic(1);
    const sink = world.sink();
    const record = (value: string) => ({
      topic,
      key: null,
      value: Buffer.from(value),
      headers: {},
    });
    await sink.append([record("one")]);
    const producer = await producerOf(topic);

    await world.forge(placeOf(topic), {
      ...producer,
      firstSequence: 1,
      values: ["forged", "forged too"],
    });
    const positions = await sink.append([record("two")]);
    await sink.append([record("three"), record("four")]);

    expect(positions.map(({ offset }) => offset)).toEqual([3]);
    const values = (await world.read(topic)).map(({ value }) =>
      Buffer.from(value ?? []).toString(),
    );
    expect(values).toEqual(["one", "forged", "forged too", "two", "three", "four"]);
  });

  it("takes up partitions that a topic gains, without losing hold of the others", async () => {
    const world = new RealWorld();
    const topic = await world.topic(1);
    const source = world.source(world.groupId(), [topic]);
    const listener = new RecordingListener(source);
    await source.start(listener);
    await world.write(placeOf(topic), [{ value: Buffer.from("0") }]);
    await listener.received(1);

    await world.grow(topic, 3);
    await listener.heard("assigned", 2);
    await world.write(placeOf(topic, 2), [{ value: Buffer.from("new") }]);
    await listener.received(2);

    const { partitions, partitionCounts } = listener.assignment;
    expect(partitionCounts.get(topic)).toBe(3);
    expect(partitions.map(({ isContinued }) => isContinued)).toEqual([true, false, false]);
    expect(listener.of("draining")).toHaveLength(1);
  });
});

/** Who wrote the first record of a topic, as the log has it. */
async function producerOf(topic: Topic): Promise<{ producerId: string; producerEpoch: number }> {
  const kafka = new Kafka({ brokers: [...testBrokers()], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${topic}-producer`, maxWaitTimeInMs: 100 });
  const found: unknown[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs wants a promise
    eachMessage: async ({ message }) => {
      found.push(Reflect.get(message, "batchContext"));
    },
  });
  await until("a record", () => found.length > 0);
  await consumer.disconnect();
  const [context] = found;
  if (typeof context !== "object" || context === null) throw new Error("kafkajs gave no context");
  const producerId = String(Reflect.get(context, "producerId"));
  return { producerId, producerEpoch: Number(Reflect.get(context, "producerEpoch")) };
}
