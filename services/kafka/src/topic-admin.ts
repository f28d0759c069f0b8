/** What is asked of a cluster besides reading and writing: topics, ranges, groups. One client, one call a question. */
import {
  MillraceError,
  asPartition,
  asTopic,
  type Offset,
  type OffsetCommit,
  type PartitionId,
  type PartitionRange,
  type Telemetry,
  type Topic,
  type TopicPartition,
  NO_TELEMETRY,
} from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { commitOffsets, fetchOffsets } from "./group-protocol.ts";
import { KafkaClient } from "./kafka-client.ts";
import { KafkaError, brokerError, errorType, isHalting } from "./kafka-error.ts";
import { leaderOf, logRanges } from "./list-offsets.ts";
import {
  createTopics,
  deleteGroup,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  describeGroup,
  type GroupDescription,
} from "./admin-protocol.ts";
import { wait } from "./wait.ts";

const REQUEST_TIMEOUT_MS = 10_000;
/** How long passing trouble (a coordinator that loads, a leader to be elected) is waited out, ms. */
const SETTLE_MS = 10_000;
const RETRY_MS = 100;
/** The most replicas a topic gets where none are asked for. */
const REPLICAS_DEFAULT_MAX = 3;

/** A cluster at a glance. */
export interface ClusterDescription {
  readonly clusterId: string;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
  }[];
}

/** A topic at a glance. */
export interface TopicDescription {
  readonly topic: Topic;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** Kafka's own, e.g. `__consumer_offsets`. */
  readonly isInternal: boolean;
}

/** A topic to create. */
export interface NewTopic {
  readonly topic: Topic;
  readonly partitionCount: number;
  /** Default: as many as there are brokers, at most 3. */
  readonly replicationFactor?: number;
  /** Kafka's topic settings, e.g. `cleanup.policy`. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * A partition of a group: `lag` is what lies between its commit and the log end, or null without a commit; 0 where the
 * commit is beyond the end.
 */
export interface GroupOffset extends PartitionRange {
  readonly topic: Topic;
  readonly committed: { readonly offset: Offset; readonly metadata: string } | null;
  readonly lag: number | null;
}

/**
 * Questions to a cluster. Every call rejects with a MillraceError: `BROKER_UNREACHABLE` at once when no broker
 * answers, `BROKER_REFUSED` for missing rights, `TOPIC_MISSING`, `TOPIC_INVALID`.
 */
export interface TopicAdmin {
  describeCluster(): Promise<ClusterDescription>;
  /** All topics, by name. */
  listTopics(): Promise<readonly TopicDescription[]>;
  /** Of these topics, those that exist. */
  describeTopics(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, TopicDescription>>;
  /** Settings of a topic that differ from the broker's defaults. */
  topicConfig(topic: Topic): Promise<ReadonlyMap<string, string>>;
  /** Creates those that do not exist; says for each what happened. Resolves when all partitions have leaders. */
  createTopics(topics: readonly NewTopic[]): Promise<ReadonlyMap<Topic, "created" | "existed">>;
  /** Log start and end of all partitions of a topic. */
  partitionRanges(topic: Topic): Promise<readonly PartitionRange[]>;
  /** What a group has committed of a topic, by partition; the log's ends are read after that. */
  groupOffsets(groupId: string, topic: Topic): Promise<readonly GroupOffset[]>;
  /** State and members of a group; one that never was is `Dead` and empty. */
  describeGroup(groupId: string): Promise<GroupDescription>;
  /**
   * Deletes the records of a partition below an offset, for good. Gives where its log starts then: what lies below it already
   * is no error. Rights to delete from the topic are needed.
   */
  deleteRecords(partition: TopicPartition, before: Offset): Promise<Offset>;
  /**
   * Sets offsets of a group that has no members, all of them or none; `has-members`: it has some, and nothing is set. Nobody joins
   * for it. One that is not answered may have been carried out, or may be while the group is empty: set them again.
   */
  setGroupOffsets(
    groupId: string,
    offsets: readonly OffsetCommit[],
  ): Promise<"has-members" | "set">;
  /** Missing ones are no error. */
  deleteTopics(topics: readonly Topic[]): Promise<void>;
  /** A missing one is no error; one with members is `BROKER_REFUSED`. */
  deleteGroup(groupId: string): Promise<void>;
  /** Disconnects. Idempotent. */
  close(): Promise<void>;
}

/** Questions to these brokers; connects with the first. */
export function createTopicAdmin(options: {
  readonly connection: KafkaConnection;
  readonly telemetry?: Telemetry;
}): TopicAdmin {
  return new KafkaTopicAdmin(options.connection, options.telemetry ?? NO_TELEMETRY);
}

class KafkaTopicAdmin implements TopicAdmin {
  readonly #client: KafkaClient;

  constructor(connection: KafkaConnection, telemetry: Telemetry) {
    this.#client = new KafkaClient({ connection, telemetry, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  }

  /** @inheritdoc */
  describeCluster(): Promise<ClusterDescription> {
    return this.#settled("describe the cluster", async () => {
      const { clusterId, brokers } = await this.#client.describe([]);
      return {
        clusterId,
        brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
      };
    });
  }

  /** @inheritdoc */
  listTopics(): Promise<readonly TopicDescription[]> {
    return this.#settled("list topics", async () => {
      const { topicMetadata } = await this.#client.describe(null);
      return topicMetadata
        .filter(({ topicErrorCode }) => topicErrorCode === 0)
        .map(describeTopic)
        .sort((a, b) => (a.topic < b.topic ? -1 : 1));
    });
  }

  /** @inheritdoc */
  describeTopics(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, TopicDescription>> {
    return this.#settled("describe topics", async () => {
      const { topicMetadata } = await this.#client.describe(topics);
      const found = topicMetadata.filter(({ topic, topicErrorCode }) =>
        exists(topic, topicErrorCode),
      );
      return new Map(found.map(describeTopic).map((one) => [one.topic, one]));
    });
  }

  /** @inheritdoc */
  topicConfig(topic: Topic): Promise<ReadonlyMap<string, string>> {
    return this.#settled(`settings of topic ${topic}`, async () =>
      describeConfigs(this.#client, await this.#client.anyNode(), topic),
    );
  }

  /** @inheritdoc */
  createTopics(topics: readonly NewTopic[]): Promise<ReadonlyMap<Topic, "created" | "existed">> {
    return this.#settled("create topics", async () => {
      const { brokers } = await this.#client.describe([]);
      const replicas = Math.min(REPLICAS_DEFAULT_MAX, brokers.length);
      const created = await createTopics(
        this.#client,
        await this.#client.controller(),
        topics.map((topic) => ({ replicationFactor: replicas, config: {}, ...topic })),
      );
      await this.#settled("elect leaders", () => this.#assertLed(topics.map(({ topic }) => topic)));
      return created;
    });
  }

  /** @inheritdoc */
  partitionRanges(topic: Topic): Promise<readonly PartitionRange[]> {
    return this.#settled(`ranges of topic ${topic}`, async () => {
      const partitions = await this.#partitions(topic);
      const ranges = await logRanges(this.#client, partitions);
      return partitions.map(({ partition }, index) => withRange(partition, ranges[index]));
    });
  }

  /** @inheritdoc */
  groupOffsets(groupId: string, topic: Topic): Promise<readonly GroupOffset[]> {
    return this.#settled(`offsets of group ${groupId}`, async () => {
      const partitions = await this.#partitions(topic);
      const coordinator = await this.#client.coordinatorOf(groupId);
      // The other way round, a group at work would seem to have committed beyond the end.
      const offsets = await fetchOffsets(this.#client, coordinator, { groupId, partitions });
      const ranges = await logRanges(this.#client, partitions);
      return partitions.map(({ partition }, index): GroupOffset => {
        const range = withRange(partition, ranges[index]);
        const committed = offsets[index] ?? null;
        const lag = committed === null ? null : Math.max(0, range.logEndOffset - committed.offset);
        return { topic, ...range, committed, lag };
      });
    });
  }

  /** @inheritdoc */
  describeGroup(groupId: string): Promise<GroupDescription> {
    return this.#settled(`group ${groupId}`, async () =>
      describeGroup(this.#client, await this.#client.coordinatorOf(groupId), groupId),
    );
  }

  /** @inheritdoc */
  deleteRecords(partition: TopicPartition, before: Offset): Promise<Offset> {
    const { topic, partition: id } = partition;
    return this.#settled(`delete records of ${topic}/${id} below ${before}`, async () =>
      deleteRecords(this.#client, await leaderOf(this.#client, partition), {
        ...partition,
        before,
      }),
    );
  }

  /** @inheritdoc */
  setGroupOffsets(
    groupId: string,
    offsets: readonly OffsetCommit[],
  ): Promise<"has-members" | "set"> {
    return this.#settled(`set offsets of group ${groupId}`, async () => {
      const coordinator = await this.#client.coordinatorOf(groupId);
      try {
        await commitOffsets(this.#client, coordinator, { groupId, offsets, ...NO_MEMBER });
        return "set";
      } catch (error) {
        if (error instanceof KafkaError && WITH_MEMBERS.has(error.type)) return "has-members";
        throw error;
      }
    });
  }

  /** @inheritdoc */
  deleteTopics(topics: readonly Topic[]): Promise<void> {
    return this.#settled("delete topics", async () =>
      deleteTopics(this.#client, await this.#client.controller(), topics),
    );
  }

  /** @inheritdoc */
  deleteGroup(groupId: string): Promise<void> {
    return this.#settled(`delete group ${groupId}`, async () =>
      deleteGroup(this.#client, await this.#client.coordinatorOf(groupId), groupId),
    );
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return this.#client.close();
  }

  async #partitions(
    topic: Topic,
  ): Promise<readonly { readonly topic: Topic; readonly partition: PartitionId }[]> {
    const places = await this.#client.partitionsOf(topic);
    return places.map(({ partition }) => ({ topic, partition: asPartition(partition) }));
  }

  async #assertLed(topics: readonly Topic[]): Promise<void> {
    const { topicMetadata } = await this.#client.describe(topics);
    for (const { topicErrorCode, partitionMetadata } of topicMetadata) {
      const isLed = partitionMetadata.every(({ leader }) => leader >= 0);
      if (topicErrorCode !== 0 || !isLed) throw new KafkaError(LEADER_NOT_AVAILABLE);
    }
  }

  /** Waits passing trouble out, but not brokers that do not answer: a person waits for this. */
  async #settled<Result>(what: string, task: () => Promise<Result>): Promise<Result> {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      try {
        return await task();
      } catch (error) {
        const isPassing =
          error instanceof KafkaError && (error.isRetriable || NOT_YET.has(error.type));
        if (!isPassing || performance.now() > until) throw adminError(what, error);
        await wait(RETRY_MS);
        await this.#client.refresh().catch(() => undefined);
      }
    }
  }
}

/** As whom a group without members is committed for. The broker checks that it has none in the same step as it commits. */
const NO_MEMBER = { memberId: "", generation: -1 } as const;

/** What a broker answers where the group has members, or is about to. */
const WITH_MEMBERS: ReadonlySet<string> = new Set([
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "UNKNOWN_MEMBER_ID",
]);

const LEADER_NOT_AVAILABLE = 5;
const NOT_YET: ReadonlySet<string> = new Set(["NOT_CONTROLLER"]);

const REFUSED: ReadonlySet<string> = new Set([
  "NON_EMPTY_GROUP",
  "POLICY_VIOLATION",
  "TOPIC_DELETION_DISABLED",
]);

function adminError(what: string, error: unknown): MillraceError {
  const type = errorType(error);
  if (!(error instanceof KafkaError) || isHalting(error)) return brokerError(what, error);
  const code = REFUSED.has(type) ? "BROKER_REFUSED" : "TOPIC_INVALID";
  const isOurs = code === "BROKER_REFUSED" || !error.isRetriable;
  if (!isOurs) return brokerError(what, error);
  return new MillraceError(code, `${what}: ${error.message} (${type})`, {
    cause: error,
    details: { type },
  });
}

function exists(topic: string, errorCode: number): boolean {
  if (errorCode === 0) return true;
  const error = new KafkaError(errorCode);
  if (error.type === "UNKNOWN_TOPIC_OR_PARTITION") return false;
  if (error.type === "LEADER_NOT_AVAILABLE") return true;
  throw error;
}

function describeTopic(metadata: {
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitionMetadata: readonly { readonly replicas: readonly number[] }[];
}): TopicDescription {
  const { partitionMetadata } = metadata;
  return {
    topic: asTopic(metadata.topic),
    partitionCount: partitionMetadata.length,
    replicationFactor: partitionMetadata[0]?.replicas.length ?? 0,
    isInternal: metadata.isInternal,
  };
}

function withRange(
  partition: PartitionId,
  range: { readonly logStartOffset: Offset; readonly logEndOffset: Offset } | undefined,
): PartitionRange {
  if (range === undefined) throw new MillraceError("INVARIANT_BROKEN", "a partition has no range");
  return { partition, ...range };
}
