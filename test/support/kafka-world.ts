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
  type RecordSink,
  type RecordSource,
  type SourceRecord,
  type StateLog,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import {
  createRecordSink,
  createRecordSource,
  createStateLog,
  plainConnection,
} from "@millrace/kafka";
import { AssignerProtocol, Kafka, Partitioners, logLevel, type Cluster } from "kafkajs";
import { onTestFinished } from "vitest";
import { MemoryBroker } from "./memory-kafka/memory-broker.ts";
import { MemorySink } from "./memory-kafka/memory-sink.ts";
import { MemorySource } from "./memory-kafka/memory-source.ts";
import { MemoryStateLog } from "./memory-kafka/memory-state-log.ts";
import { readRaw } from "./raw-topic.ts";
import { RecordingTelemetry } from "./recording-telemetry.ts";

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

class RealWorld implements KafkaWorld {
  readonly sessionMs = SESSION_MS;
  readonly #brokers = testBrokers();
  readonly #kafka = new Kafka({
    brokers: [...this.#brokers],
    clientId: "millrace-conformance",
    logLevel: logLevel.NOTHING,
  });
  readonly #connection = plainConnection(this.#brokers, "millrace-test");

  /** @inheritdoc */
  async topic(partitionCount: number): Promise<Topic> {
    const topic = asTopic(unique("topic"));
    await this.#withAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitionCount }],
      }),
    );
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
      telemetry: new RecordingTelemetry(),
      sessionTimeoutMs: SESSION_MS,
    });
    onTestFinished(() => source.stop());
    return source;
  }

  /** @inheritdoc */
  sink(): RecordSink {
    const sink = createRecordSink({
      connection: this.#connection,
      telemetry: new RecordingTelemetry(),
    });
    onTestFinished(() => sink.close());
    return sink;
  }

  /** @inheritdoc */
  stateLog(topic: Topic): StateLog {
    const log = createStateLog({
      connection: this.#connection,
      topic,
      telemetry: new RecordingTelemetry(),
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
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({
        topic,
        partitions: [{ partition, offset: String(before) }],
      });
    });
  }

  /** Leaves the group in the member's name. */
  async expel(groupId: string, memberId: string): Promise<void> {
    const captured: Cluster[] = [];
    this.#kafka.consumer({
      groupId,
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
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    // kafkajs has it, but its types do not say so.
    const leave: unknown = Reflect.get(coordinator, "leaveGroup");
    if (typeof leave !== "function") throw new Error("kafkajs cannot leave a group");
    await Reflect.apply(leave, coordinator, [{ groupId, memberId }]);
    await cluster.disconnect();
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

const protocol = ({ topics }: { topics: string[] }): { name: string; metadata: Buffer } => ({
  name: "none",
  metadata: AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics,
    userData: Buffer.alloc(0),
  }),
});
