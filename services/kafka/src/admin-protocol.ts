/** The requests about topics and groups, one function a request. Formats: https://kafka.apache.org/protocol.html */
import {
  MillraceError,
  asOffset,
  asPartition,
  asTopic,
  assert,
  type Offset,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import assignerProtocol from "kafkajs/src/consumer/assignerProtocol.js";
import { missing, type KafkaClient } from "./kafka-client.ts";
import { KafkaError } from "./kafka-error.ts";

const TIMEOUT_MS = 8_000;
const TOPIC_RESOURCE = 2;
/** Where a setting comes from: the topic itself. */
const TOPIC_SOURCE = 1;

/** A topic with everything decided. */
export interface TopicPlan {
  readonly topic: Topic;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Creates topics; those that exist are left as they are. */
export async function createTopics(
  client: KafkaClient,
  controller: number,
  topics: readonly TopicPlan[],
): Promise<ReadonlyMap<Topic, "created" | "existed">> {
  const answer = await client.send<{
    readonly topicErrors: readonly {
      readonly topic: string;
      readonly errorCode: number;
      readonly errorMessage?: string | null;
    }[];
  }>(controller, {
    api: "CreateTopics",
    payload: {
      validateOnly: false,
      timeout: TIMEOUT_MS,
      topics: topics.map(({ topic, partitionCount, replicationFactor, config }) => ({
        topic,
        numPartitions: partitionCount,
        replicationFactor,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    },
  });
  const created = new Map<Topic, "created" | "existed">();
  for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
    const error = errorCode === 0 ? null : new KafkaError(errorCode);
    if (error !== null && error.type !== "TOPIC_ALREADY_EXISTS")
      throw explained(error, { topic, errorMessage });
    created.set(asTopic(topic), error === null ? "created" : "existed");
  }
  return created;
}

/** Deletes topics; missing ones are no error. */
export async function deleteTopics(
  client: KafkaClient,
  controller: number,
  topics: readonly Topic[],
): Promise<void> {
  const answer = await client.send<{
    readonly topicErrors: readonly { readonly errorCode: number }[];
  }>(controller, { api: "DeleteTopics", payload: { topics, timeout: TIMEOUT_MS } });
  for (const { errorCode } of answer.topicErrors)
    failUnless(errorCode, "UNKNOWN_TOPIC_OR_PARTITION");
}

/**
 * Deletes the records of a partition below an offset; asked of its leader. Gives where the log starts then.
 * @param before at most the log's end. Never negative: to Kafka -1 is all there is.
 */
export async function deleteRecords(
  client: KafkaClient,
  leader: number,
  { topic, partition, before }: TopicPartition & { readonly before: Offset },
): Promise<Offset> {
  assert(before >= 0, "records are deleted below an offset of theirs");
  const answer = await client.send<{
    readonly topics: readonly {
      readonly partitions: readonly {
        readonly lowWatermark: { toString(): string };
        readonly errorCode: number;
      }[];
    }[];
  }>(leader, {
    api: "DeleteRecords",
    payload: {
      topics: [{ topic, partitions: [{ partition, offset: before }] }],
      timeout: TIMEOUT_MS,
    },
  });
  const [result] = answer.topics.flatMap(({ partitions }) => partitions);
  if (result === undefined) throw missing(topic);
  if (result.errorCode !== 0) throw new KafkaError(result.errorCode);
  return asOffset(Number(result.lowWatermark.toString()));
}

/** A topic's own settings. */
export async function describeConfigs(
  client: KafkaClient,
  node: number,
  topic: Topic,
): Promise<ReadonlyMap<string, string>> {
  const answer = await client.send<{
    readonly resources: readonly {
      readonly errorCode: number;
      readonly configEntries: readonly {
        readonly configName: string;
        readonly configValue: string | null;
        readonly configSource: number;
      }[];
    }[];
  }>(node, {
    api: "DescribeConfigs",
    payload: {
      resources: [{ type: TOPIC_RESOURCE, name: topic, configNames: [] }],
      includeSynonyms: false,
    },
  });
  const settings = new Map<string, string>();
  for (const { errorCode, configEntries } of answer.resources) {
    if (errorCode !== 0) {
      const error = new KafkaError(errorCode);
      throw error.type === "UNKNOWN_TOPIC_OR_PARTITION" ? missing(topic) : error;
    }
    for (const { configName, configValue, configSource } of configEntries) {
      if (configSource === TOPIC_SOURCE) settings.set(configName, configValue ?? "");
    }
  }
  return settings;
}

/** A group and who is in it. */
export interface GroupDescription {
  readonly groupId: string;
  /** Kafka's word: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty`, `Dead`. */
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    readonly partitions: readonly TopicPartition[];
    /** What the member says of itself; empty where it says nothing, or the group is rebalancing. */
    readonly note: string;
  }[];
}

/** State and members of a group. */
export async function describeGroup(
  client: KafkaClient,
  coordinator: number,
  groupId: string,
): Promise<GroupDescription> {
  const answer = await client.send<{
    readonly groups: readonly {
      readonly errorCode: number;
      readonly state: string;
      readonly members: readonly {
        readonly memberId: string;
        readonly clientId: string;
        readonly clientHost: string;
        readonly memberMetadata: Buffer;
        readonly memberAssignment: Buffer;
      }[];
    }[];
  }>(coordinator, { api: "DescribeGroups", payload: { groupIds: [groupId] } });
  const [group] = answer.groups;
  if (group === undefined) return { groupId, state: "Dead", members: [] };
  if (group.errorCode !== 0) throw new KafkaError(group.errorCode);
  return {
    groupId,
    state: group.state,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      clientId: member.clientId,
      host: member.clientHost,
      partitions: partitionsOf(member.memberAssignment),
      note: noteOf(member.memberMetadata),
    })),
  };
}

/** Deletes a group with its offsets; a missing one is no error. */
export async function deleteGroup(
  client: KafkaClient,
  coordinator: number,
  groupId: string,
): Promise<void> {
  const answer = await client.send<{ readonly results: readonly { readonly errorCode: number }[] }>(
    coordinator,
    { api: "DeleteGroups", payload: [groupId] },
  );
  for (const { errorCode } of answer.results) failUnless(errorCode, "GROUP_ID_NOT_FOUND");
}

/** A broker tells nothing of members while they join. */
function noteOf(memberMetadata: Buffer): string {
  if (memberMetadata.length === 0) return "";
  return assignerProtocol.MemberMetadata.decode(memberMetadata).userData?.toString() ?? "";
}

function partitionsOf(memberAssignment: Buffer): readonly TopicPartition[] {
  const decoded = assignerProtocol.MemberAssignment.decode(memberAssignment);
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic: asTopic(topic), partition: asPartition(partition) })),
  );
}

function failUnless(errorCode: number, harmless: string): void {
  if (errorCode === 0) return;
  const error = new KafkaError(errorCode);
  if (error.type !== harmless) throw error;
}

/** The broker's own words say which setting is wrong. */
function explained(
  error: KafkaError,
  {
    topic,
    errorMessage,
  }: { readonly topic: string; readonly errorMessage?: string | null | undefined },
): Error {
  if (error.isRetriable || error.type === "NOT_CONTROLLER") return error;
  if (error.type.endsWith("AUTHORIZATION_FAILED")) return error;
  const text = errorMessage ?? error.message;
  return new MillraceError("TOPIC_INVALID", `topic cannot be created: ${topic} (${text})`, {
    cause: error,
    details: { topic, type: error.type },
  });
}
