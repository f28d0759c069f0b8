/**
 * An independent reading of topics, over plain kafkajs: no client of this project has a say in it. Everything is read
 * to the high watermark, twice.
 */
import { hash, randomUUID } from "node:crypto";
import { Kafka, logLevel, type Consumer, type KafkaMessage } from "kafkajs";

/** A record as the broker has it. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  /** Broker time, epoch ms. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  header(name: string): string | null;
}

/** Where a partition began and ended when it was read. */
export interface PartitionEnds {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** A topic, read. */
export interface TopicRead<Line> {
  readonly ends: readonly PartitionEnds[];
  /** By partition and offset. */
  readonly lines: readonly Line[];
  /** Whether both readings gave the same. */
  readonly isStable: boolean;
}

/** A client that says nothing. */
export function plainKafka(brokers: readonly string[]): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId: "chaos",
    logLevel: logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 200 },
  });
}

/** Reads a topic twice; each record becomes a line, or nothing. */
export async function readTwice<Line>(
  kafka: Kafka,
  topic: string,
  lineOf: (record: ReadRecord) => Line | null,
): Promise<TopicRead<Line>> {
  const first = await readOnce(kafka, topic, lineOf);
  const second = await readOnce(kafka, topic, lineOf);
  const isStable = fingerprintOf(first.lines) === fingerprintOf(second.lines);
  return { ...second, isStable };
}

function fingerprintOf(lines: readonly unknown[]): string {
  return hash("sha256", lines.map((line) => JSON.stringify(line)).join("\n"));
}

interface Placed<Line> {
  readonly partition: number;
  readonly offset: number;
  readonly line: Line;
}

async function readOnce<Line>(
  kafka: Kafka,
  topic: string,
  lineOf: (record: ReadRecord) => Line | null,
): Promise<Omit<TopicRead<Line>, "isStable">> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
    ...{ partition, start: Number(low), end: Number(high) },
  }));
  const open = new Map(
    ends.filter(({ start, end }) => end > start).map(({ partition, end }) => [partition, end]),
  );
  const placed: Placed<Line>[] = [];
  if (open.size > 0) {
    const groupId = `reader-${randomUUID()}`;
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
    await consumeTo(consumer, { topic, open }, (record) => {
      const line = lineOf(record);
      if (line !== null) placed.push({ partition: record.partition, offset: record.offset, line });
    });
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
  await admin.disconnect();
  placed.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  return {
    ends: ends.sort((a, b) => a.partition - b.partition),
    lines: placed.map(({ line }) => line),
  };
}

async function consumeTo(
  consumer: Consumer,
  { topic, open }: { readonly topic: string; readonly open: Map<number, number> },
  take: (record: ReadRecord) => void,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const done = Promise.withResolvers<undefined>();
  await consumer.run({
    autoCommit: false,
    // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs wants a promise
    eachBatch: async ({ batch }) => {
      const { partition, messages } = batch;
      const end = open.get(partition);
      if (end === undefined) return;
      for (const message of messages) {
        if (Number(message.offset) < end) take(recordOf(partition, message));
      }
      if (Number(batch.lastOffset()) + 1 >= end) open.delete(partition);
      if (open.size === 0) done.resolve(undefined);
    },
  });
  await done.promise;
  await consumer.disconnect();
}

function recordOf(partition: number, message: KafkaMessage): ReadRecord {
  const { key, value, headers = {} } = message;
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key,
    value,
    header(name) {
      const found = headers[name];
      return found === undefined ? null : String(found);
    },
  };
}
