/**
 * The requests of one consumer group member, one function a request. No policy: who calls decides what an error means.
 * Formats: https://kafka.apache.org/protocol.html, group protocol "consumer", eager.
 */
import {
  asOffset,
  asPartition,
  asTopic,
  type Offset,
  type OffsetCommit,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import assignerProtocol from "kafkajs/src/consumer/assignerProtocol.js";
import type { KafkaClient } from "./kafka-client.ts";
import { KafkaError, errorText } from "./kafka-error.ts";

const { MemberMetadata, MemberAssignment } = assignerProtocol;

/** kafkajs's name for it, so that members of either kind agree. */
const ASSIGNER = "RoundRobinAssigner";

/** How a group is joined. */
export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly Topic[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** What whoever describes the group is told of this member; may be empty. */
  readonly memberNote: string;
}

/** A membership: who we are to the group, in which generation. */
export interface Member {
  readonly memberId: string;
  readonly generation: number;
}

/** A generation joined but not yet synced. */
export interface JoinedGroup extends Member {
  /** All members with the topics they want, if this member leads; else empty. */
  readonly members: readonly { readonly memberId: string; readonly topics: readonly string[] }[];
  readonly isLeader: boolean;
}

interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

const MEMBER_ID_REQUIRED = 79;

/**
 * Joins, or joins again. The broker holds the answer until all members have joined or the rebalance timeout is over.
 * `onMemberId` hears of the id the broker gave before the group has formed: needed to leave from there.
 */
export async function joinGroup(
  client: KafkaClient,
  coordinator: number,
  join: GroupOptions & { readonly memberId: string; readonly onMemberId: (id: string) => void },
): Promise<JoinedGroup> {
  const { groupId, topics, sessionTimeoutMs, rebalanceTimeoutMs, onMemberId } = join;
  const userData = Buffer.from(join.memberNote);
  const ask = (memberId: string): Promise<JoinAnswer> =>
    client.send<JoinAnswer>(coordinator, {
      api: "JoinGroup",
      heldMs: rebalanceTimeoutMs,
      payload: {
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId,
        protocolType: "consumer",
        groupProtocols: [
          { name: ASSIGNER, metadata: MemberMetadata.encode({ version: 0, topics, userData }) },
        ],
      },
    });
  let answer = await ask(join.memberId);
  if (answer.errorCode === MEMBER_ID_REQUIRED) {
    onMemberId(answer.memberId);
    answer = await ask(answer.memberId);
  }
  failOn(answer.errorCode);
  onMemberId(answer.memberId);
  return {
    memberId: answer.memberId,
    generation: answer.generationId,
    isLeader: answer.leaderId === answer.memberId,
    members: answer.members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: MemberMetadata.decode(memberMetadata).topics,
    })),
  };
}

interface SyncAnswer {
  readonly errorCode: number;
  readonly memberAssignment: Buffer;
}

/** What a leader gives the others: partitions by member and topic. */
export type GroupAssignment = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/** Fetches this member's partitions; the leader brings everyone's. */
export async function syncGroup(
  client: KafkaClient,
  coordinator: number,
  sync: GroupOptions & Member & { readonly assignment: GroupAssignment },
): Promise<readonly TopicPartition[]> {
  const { groupId, memberId, generation, assignment, rebalanceTimeoutMs } = sync;
  const answer = await client.send<SyncAnswer>(coordinator, {
    api: "SyncGroup",
    heldMs: rebalanceTimeoutMs,
    payload: {
      groupId,
      generationId: generation,
      memberId,
      groupAssignment: [...assignment].map(([id, partitions]) => ({
        memberId: id,
        memberAssignment: MemberAssignment.encode({ version: 0, assignment: partitions }),
      })),
    },
  });
  failOn(answer.errorCode);
  const decoded = MemberAssignment.decode(answer.memberAssignment);
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic: asTopic(topic), partition: asPartition(partition) })),
  );
}

/** Partitions in turn to the members in the order of their ids; each topic only to members that want it. */
export function assignRoundRobin(
  members: JoinedGroup["members"],
  partitions: ReadonlyMap<string, readonly number[]>,
): GroupAssignment {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const given = new Map<string, Record<string, number[]>>();
  for (const { memberId } of sorted) given.set(memberId, {});
  let turn = 0;
  for (const [topic, numbers] of partitions) {
    const takers = sorted.filter(({ topics }) => topics.includes(topic));
    for (const partition of takers.length === 0 ? [] : numbers) {
      const taker = takers[turn % takers.length];
      turn += 1;
      const taken = taker === undefined ? undefined : given.get(taker.memberId);
      if (taken !== undefined) (taken[topic] ??= []).push(partition);
    }
  }
  return given;
}

/** Says that this member lives. @throws KafkaError, `REBALANCE_IN_PROGRESS` too, which renews the session all the same. */
export async function heartbeat(
  client: KafkaClient,
  coordinator: number,
  { groupId, memberId, generation }: Member & { readonly groupId: string },
): Promise<void> {
  const answer = await client.send<{ readonly errorCode: number }>(coordinator, {
    api: "Heartbeat",
    payload: { groupId, memberId, groupGenerationId: generation },
  });
  failOn(answer.errorCode);
}

/** Leaves the group; its partitions go to the others at once. */
export async function leaveGroup(
  client: KafkaClient,
  coordinator: number,
  { groupId, memberId }: { readonly groupId: string; readonly memberId: string },
): Promise<void> {
  await client.send(coordinator, {
    api: "LeaveGroup",
    payload: { groupId, memberId, members: [{ memberId }] },
  });
}

/** What a group has committed for a partition. */
export type Committed = { readonly offset: Offset; readonly metadata: string } | null;

interface OffsetsAnswer {
  readonly errorCode: number;
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: string;
      readonly metadata: string | null;
      readonly errorCode: number;
    }[];
  }[];
}

/** Committed offsets with metadata, in the order of `partitions`. */
export async function fetchOffsets(
  client: KafkaClient,
  coordinator: number,
  asked: { readonly groupId: string; readonly partitions: readonly TopicPartition[] },
): Promise<readonly Committed[]> {
  const { groupId, partitions } = asked;
  if (partitions.length === 0) return [];
  const answer = await client.send<OffsetsAnswer>(coordinator, {
    api: "OffsetFetch",
    payload: { groupId, topics: byTopic(partitions, ({ partition }) => ({ partition })) },
  });
  failOn(answer.errorCode);
  const found = new Map<string, Committed>();
  for (const { topic, partitions: offsets } of answer.responses) {
    for (const { partition, offset, metadata, errorCode } of offsets) {
      failOn(errorCode);
      const committed =
        Number(offset) < 0 ? null : { offset: asOffset(Number(offset)), metadata: metadata ?? "" };
      found.set(`${topic}/${partition}`, committed);
    }
  }
  return partitions.map(({ topic, partition }) => found.get(`${topic}/${partition}`) ?? null);
}

interface CommitAnswer {
  readonly responses: readonly {
    readonly partitions: readonly { readonly errorCode: number }[];
  }[];
}

/**
 * A commit that left and was not answered. A broker that does not read its connection for a while may carry it out
 * long after, behind later ones that came by another connection; only the end of the generation rules that out.
 */
export class UnansweredCommitError extends Error {
  override readonly name = "UnansweredCommitError";
}

/**
 * Commits offsets with metadata, all in one request, as `member`.
 * @throws KafkaError of the first partition refused, or {@link UnansweredCommitError}; anything else: it did not leave.
 */
export async function commitOffsets(
  client: KafkaClient,
  coordinator: number,
  commit: Member & { readonly groupId: string; readonly offsets: readonly OffsetCommit[] },
): Promise<void> {
  const { groupId, memberId, generation, offsets } = commit;
  let isSent = false;
  const request = {
    api: "OffsetCommit",
    payload: {
      groupId,
      memberId,
      groupGenerationId: generation,
      retentionTime: -1,
      topics: byTopic(offsets, ({ partition, offset, metadata }) => ({
        partition,
        offset,
        metadata,
      })),
    },
    onSent: () => {
      isSent = true;
    },
  };
  const answer = await client
    .send<CommitAnswer>(coordinator, request)
    .catch((error: unknown): never => {
      if (!isSent) throw error;
      throw new UnansweredCommitError(errorText(error), { cause: error });
    });
  for (const { partitions } of answer.responses) {
    for (const { errorCode } of partitions) failOn(errorCode);
  }
}

function byTopic<Item extends TopicPartition>(
  items: readonly Item[],
  make: (item: Item) => object,
): readonly object[] {
  return [...Map.groupBy(items, ({ topic }) => topic)].map(([topic, group]) => ({
    topic,
    partitions: group.map(make),
  }));
}

function failOn(errorCode: number | undefined): void {
  if (errorCode !== undefined && errorCode !== 0) throw new KafkaError(errorCode);
}
