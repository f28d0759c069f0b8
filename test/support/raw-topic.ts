/** Raw access to a topic for tests, over kafkajs alone: what is written and read here has passed through no code of ours. */
import { randomUUID } from "node:crypto";
import { Kafka, logLevel, Partitioners, type IHeaders, type Message } from "kafkajs";
import { topicEnds } from "./topic-ends.ts";

/** A record as the broker has it. */
export interface RawRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

const clientOf = (brokers: readonly string[]): Kafka =>
  new Kafka({ brokers: [...brokers], clientId: "millrace-test", logLevel: logLevel.NOTHING });

/** Writes records as they are. */
export async function writeRaw(
  brokers: readonly string[],
  topic: string,
  messages: readonly Message[],
): Promise<void> {
  const producer = clientOf(brokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [...messages] });
  } finally {
    await producer.disconnect();
  }
}

/** Reads a topic from its beginning to the end it has now; by partition and offset. */
export async function readRaw(brokers: readonly string[], topic: string): Promise<RawRecord[]> {
  const kafka = clientOf(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const groupId = `millrace-test-${randomUUID()}`;
  const ends = await topicEnds(admin, topic);
  const open = new Map(
    ends
      .filter(({ low, high }) => Number(high) > Number(low))
      .map(({ partition, high }) => [partition, Number(high)]),
  );
  const records: RawRecord[] = [];
  if (open.size > 0) await consumeTo(kafka.consumer({ groupId }), { topic, open, records });
  await admin.deleteGroups([groupId]).catch(() => undefined);
  await admin.disconnect();
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function consumeTo(
  consumer: ReturnType<Kafka["consumer"]>,
  of: { topic: string; open: Map<number, number>; records: RawRecord[] },
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topic: of.topic, fromBeginning: true });
  const done = Promise.withResolvers<undefined>();
  await consumer.run({
    autoCommit: false,
    // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs wants a promise
    eachMessage: async ({ partition, message }) => {
      const offset = Number(message.offset);
      const { key, value, headers = {} } = message;
      of.records.push({ partition, offset, key, value, headers: textsOf(headers) });
      if (offset + 1 >= (of.open.get(partition) ?? Infinity)) of.open.delete(partition);
      if (of.open.size === 0) done.resolve(undefined);
    },
  });
  await done.promise;
  await consumer.disconnect();
}

function textsOf(headers: IHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(entries);
}
