/**
 * What a conformance suite needs of a Kafka besides the ports under test: once in memory, once the real one. Whatever
 * the real world does to the broker goes through kafkajs alone, so that it is a second opinion.
 */
import { randomUUID } from "node:crypto";
import {
  asOffset,
  asPartition,
  asTopic,
  type Clock,
  type Offset,
  type ParkedLog,
  type RecordSink,
  type RecordSource,
  type ReplayLog,
  type SourceRecord,
  type StateLog,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import {
  createParkedLog,
  createRecordSink,
  createRecordSource,
  createReplayLog,
  createStateLog,
  plainConnection,
  type KafkaConnection,
} from "@millrace/kafka";
import { AssignerProtocol, Kafka, Partitioners, logLevel, type Cluster } from "kafkajs";
import { onTestFinished } from "vitest";
import { MemoryBroker } from "./memory-kafka/memory-broker.ts";
import { MemoryParkedLog } from "./memory-kafka/memory-parked-log.ts";
import { MemoryReplayLog } from "./memory-kafka/memory-replay-log.ts";
import { MemorySink } from "./memory-kafka/memory-sink.ts";
import { MemorySource } from "./memory-kafka/memory-source.ts";
import { MemoryStateLog } from "./memory-kafka/memory-state-log.ts";
import { readRaw } from "./raw-topic.ts";
import { RecordingTelemetry } from "./recording-telemetry.ts";
import { until } from "./until.ts";
import { topicEnds } from "./topic-ends.ts";

/** The shortest session that brokers allow by default: what a test waits for must be short. */
export const SESSION_MS = 6_000;

/** A record that a test writes. */
export interface PlainRecord {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | Buffer[]>>;
}

/** One Kafka, real or not. Everything made in it ends with the test. */
export interface KafkaWorld {
  /** What a member may be silent for. */
  readonly sessionMs: number;
  topic(partitionCount: number): Promise<Topic>;
  groupId(): string;
  source(groupId: string, topics: readonly Topic[]): RecordSource;
  sink(): RecordSink;
  stateLog(topic: Topic): StateLog;
  parkedLog(): ParkedLog;
  replayLog(): ReplayLog;
  write(place: TopicPartition, records: readonly PlainRecord[]): Promise<void>;
  /** All records, by partition and offset. */
  read(
    topic: Topic,
  ): Promise<readonly Pick<SourceRecord, "partition" | "offset" | "key" | "value">[]>;
  /** Uses up offsets that no reader ever sees. */
  hide(place: TopicPartition): Promise<void>;
  /** Deletes the records below an offset. */
  truncate(place: TopicPartition, before: Offset): Promise<void>;
  /** Takes a member out of its group, as its ended session would. */
  expel(groupId: string, memberId: string): Promise<void>;
  /** Deletes a group without members, with what it committed. */
  forget(groupId: string): Promise<void>;
  committed(
    groupId: string,
    place: TopicPartition,
  ): Promise<{ offset: Offset; metadata: string } | null>;
}

/** Both worlds, by name, for `describe.each`. */
export const WORLDS: readonly (readonly [string, () => KafkaWorld])[] = [
  ["in memory", (): KafkaWorld => new MemoryWorld()],
  ["on Kafka", (): KafkaWorld => new RealWorld()],
];

/** The system's clock. */
const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  schedule: (delayMs, task) => {
    const timer = setTimeout(task, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

function unique(what: string): string {
  return `conformance-${what}-${randomUUID().slice(0, 8)}`;
}

class MemoryWorld implements KafkaWorld {
  /** Members in memory end by being expelled only; any time will do. */
  readonly sessionMs = 50;
  readonly #broker = new MemoryBroker(SYSTEM_CLOCK);

  /** @inheritdoc */
  topic(partitionCount: number): Promise<Topic> {
    const topic = asTopic(unique("topic"));
    this.#broker.createTopic(topic, partitionCount);
    return Promise.resolve(topic);
  }

  /** @inheritdoc */
  groupId(): string {
    return unique("group");
  }

  /** @inheritdoc */
  source(groupId: string, topics: readonly Topic[]): RecordSource {
    const source = new MemorySource(this.#broker, groupId, topics);
    onTestFinished(() => source.stop());
    return source;
  }

  /** @inheritdoc */
  sink(): RecordSink {
    return new MemorySink(this.#broker);
  }

  /** @inheritdoc */
  parkedLog(): ParkedLog {
    return new MemoryParkedLog(this.#broker);
  }

  /** @inheritdoc */
  replayLog(): ReplayLog {
    return new MemoryReplayLog(this.#broker);
  }

  /** @inheritdoc */
  stateLog(topic: Topic): StateLog {
    return new MemoryStateLog(this.#broker, topic);
  }

  /** @inheritdoc */
  write(place: TopicPartition, records: readonly PlainRecord[]): Promise<void> {
    for (const { key = null, value = null, headers = {} } of records) {
      this.#broker.append(place, { topic: place.topic, key, value, headers });
    }
    return Promise.resolve();
  }

  /** @inheritdoc */
  read(topic: Topic): ReturnType<KafkaWorld["read"]> {
    const logs = this.#broker.logs(topic);
    return Promise.resolve(logs.flatMap((log) => log.read(asOffset(0), Infinity).records));
  }

  /** @inheritdoc */
  hide(place: TopicPartition): Promise<void> {
    this.#broker.log(place).hide(2);
    return Promise.resolve();
  }

  /** @inheritdoc */
  truncate(place: TopicPartition, before: Offset): Promise<void> {
    this.#broker.log(place).truncate(before);
    return Promise.resolve();
  }

  /** @inheritdoc */
  expel(groupId: string, memberId: string): Promise<void> {
    this.#broker.group(groupId).expel(memberId);
    return Promise.resolve();
  }

  /** @inheritdoc */
  forget(groupId: string): Promise<void> {
    this.#broker.forgetGroup(groupId);
    return Promise.resolve();
  }

  /** @inheritdoc */
  committed(groupId: string, place: TopicPartition): ReturnType<KafkaWorld["committed"]> {
    const { offsets } = this.#broker.group(groupId);
    return Promise.resolve(offsets.get(`${place.topic}/${place.partition}`) ?? null);
  }
}

/** The brokers of the test run. */
export function testBrokers(): readonly string[] {
  return (process.env["KAFKA_BROKERS"] ?? "").split(",");
}

/** The real one; `telemetry` hears what all its ports report. */
export class RealWorld implements KafkaWorld {
  readonly sessionMs = SESSION_MS;
  readonly telemetry = new RecordingTelemetry();
  readonly #brokers: readonly string[];
  readonly #kafka: Kafka;
  readonly #connection: KafkaConnection;

  constructor(brokers: readonly string[] = testBrokers()) {
    this.#brokers = brokers;
    this.#connection = plainConnection(brokers, "millrace-test");
    this.#kafka = new Kafka({
      brokers: [...brokers],
      clientId: "millrace-conformance",
      logLevel: logLevel.NOTHING,
    });
  }

  /** @inheritdoc */
  async topic(partitionCount: number): Promise<Topic> {
    const topic = asTopic(unique("topic"));
    await this.#withAdmin(async (admin) => {
      const topics = [{ topic, numPartitions: partitionCount }];
      await admin.createTopics({ waitForLeaders: false, topics });
      await until(`leaders of ${topic}`, async () => {
        const found = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => null);
        return found?.topics[0]?.partitions.every(({ leader }) => leader >= 0) === true;
      });
    });
    onTestFinished(() => this.#withAdmin((admin) => admin.deleteTopics({ topics: [topic] })));
    return topic;
  }

  /** @inheritdoc */
  groupId(): string {
    return unique("group");
  }

  /** @inheritdoc */
  source(groupId: string, topics: readonly Topic[]): RecordSource {
    const source = createRecordSource({
      connection: this.#connection,
      groupId,
      topics,
      telemetry: this.telemetry,
      sessionTimeoutMs: SESSION_MS,
    });
    onTestFinished(() => source.stop());
    return source;
  }

  /** @inheritdoc */
  sink(): RecordSink {
    const sink = createRecordSink({
      connection: this.#connection,
      telemetry: this.telemetry,
    });
    onTestFinished(() => sink.close());
    return sink;
  }

  /** @inheritdoc */
  parkedLog(): ParkedLog {
    const log = createParkedLog({ connection: this.#connection, telemetry: this.telemetry });
    onTestFinished(() => log.close());
    return log;
  }

  /** @inheritdoc */
  replayLog(): ReplayLog {
    const log = createReplayLog({ connection: this.#connection, telemetry: this.telemetry });
    onTestFinished(() => log.close());
    return log;
  }

  /** @inheritdoc */
  stateLog(topic: Topic): StateLog {
    const log = createStateLog({
      connection: this.#connection,
      topic,
      telemetry: this.telemetry,
    });
    onTestFinished(() => log.close());
    return log;
  }

  /** @inheritdoc */
  async write(
    { topic, partition }: TopicPartition,
    records: readonly PlainRecord[],
  ): Promise<void> {
    const createPartitioner = Partitioners.DefaultPartitioner;
    const producer = this.#kafka.producer({ createPartitioner });
    await producer.connect();
    const messages = records.map(({ key = null, value = null, headers = {} }) => ({
      partition,
      key,
      value,
      headers,
    }));
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  /** @inheritdoc */
  async read(topic: Topic): ReturnType<KafkaWorld["read"]> {
    const records = await readRaw(this.#brokers, topic);
    return records.map(({ partition, offset, key, value }) => ({
      partition: asPartition(partition),
      offset: asOffset(offset),
      key,
      value,
    }));
  }

  /** An aborted transaction: its record and the marker that ends it. */
  async hide({ topic, partition }: TopicPartition): Promise<void> {
    const producer = this.#kafka.producer({
      transactionalId: unique("transaction"),
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ partition, value: "aborted" }] });
    await transaction.abort();
    await producer.disconnect();
  }

  /** @inheritdoc */
  truncate({ topic, partition }: TopicPartition, before: Offset): Promise<void> {
    return this.#withAdmin(async (admin) => {
      // Without this the admin does not know the topic's leaders.
      await topicEnds(admin, topic);
      await admin.deleteTopicRecords({
        topic,
        partitions: [{ partition, offset: String(before) }],
      });
    });
  }

  /** Leaves the group in the member's name. */
  async expel(groupId: string, memberId: string): Promise<void> {
    await this.#withCluster(async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      await call(coordinator, "leaveGroup", { groupId, memberId });
    });
  }

  /** Adds partitions to a topic. */
  async grow(topic: Topic, count: number): Promise<void> {
    await this.#withAdmin((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count }] }),
    );
  }

  /** Writes in the name of another producer, as if it had sent this. */
  async forge(
    { topic, partition }: TopicPartition,
    batch: {
      readonly producerId: string;
      readonly producerEpoch: number;
      readonly firstSequence: number;
      readonly values: readonly string[];
    },
  ): Promise<void> {
    const { values, firstSequence, ...producer } = batch;
    const messages = values.map((value) => ({ key: null, value: Buffer.from(value), headers: {} }));
    await this.#withCluster(async (cluster) => {
      await cluster.addTargetTopic(topic);
      const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      const broker = await cluster.findBroker({ nodeId: leader ?? "" });
      const topicData = [{ topic, partitions: [{ partition, firstSequence, messages }] }];
      await call(broker, "produce", { ...producer, acks: -1, topicData });
    });
  }

  /** @inheritdoc */
  async forget(groupId: string): Promise<void> {
    await this.#withAdmin((admin) => admin.deleteGroups([groupId]));
  }

  /** @inheritdoc */
  committed(groupId: string, place: TopicPartition): ReturnType<KafkaWorld["committed"]> {
    return this.#withAdmin(async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [place.topic] });
      const one = found?.partitions.find(({ partition }) => partition === place.partition);
      if (one === undefined || Number(one.offset) < 0) return null;
      return { offset: asOffset(Number(one.offset)), metadata: one.metadata ?? "" };
    });
  }

  /** The inside of kafkajs's own client, which it hands to assigners. */
  async #withCluster(task: (cluster: Cluster) => Promise<void>): Promise<void> {
    const captured: Cluster[] = [];
    this.#kafka.consumer({
      groupId: "none",
      partitionAssigners: [
        ({ cluster }) => {
          captured.push(cluster);
          return { name: "none", version: 0, assign: () => Promise.resolve([]), protocol };
        },
      ],
    });
    const [cluster] = captured;
    if (cluster === undefined) throw new Error("kafkajs gave no cluster");
    await cluster.connect();
    await cluster.refreshMetadata();
    await task(cluster);
    await cluster.disconnect();
  }

  async #withAdmin<Result>(
    task: (admin: ReturnType<Kafka["admin"]>) => Promise<Result>,
  ): Promise<Result> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await task(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** Calls what kafkajs has but its types do not tell. */
async function call(target: object, name: string, argument: object): Promise<void> {
  const method: unknown = Reflect.get(target, name);
  if (typeof method !== "function") throw new Error(`kafkajs has no ${name}`);
  await Reflect.apply(method, target, [argument]);
}

const protocol = ({ topics }: { topics: string[] }): { name: string; metadata: Buffer } => ({
  name: "none",
  metadata: AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics,
    userData: Buffer.alloc(0),
  }),
});
