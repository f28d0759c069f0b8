import {
  asOffset,
  asPartition,
  asTopic,
  type Offset,
  type StartPosition,
  type TopicPartition,
} from "@millrace/engine";
import type { KafkaClient } from "./kafka-client.ts";
import { KafkaError } from "./kafka-error.ts";

/** Kafka's names for the ends of a log, as timestamps. */
const LOG_END = -1;
const LOG_START = -2;

/** A place in a partition by time: epoch milliseconds, or -2 and -1 for start and end of the log. */
export interface OffsetQuery extends TopicPartition {
  readonly timestampMs: number;
}

interface Answer {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly offset: string;
    }[];
  }[];
}

/**
 * The offset of each query, in its order: the first record at or after the time, or null when there is none.
 * @throws KafkaError of the first partition that has one, or what kept a leader from answering.
 */
export async function listOffsets(
  client: KafkaClient,
  queries: readonly OffsetQuery[],
): Promise<readonly (Offset | null)[]> {
  const found = new Map<OffsetQuery, Offset | null>();
  // One question a partition a request: two times of one partition go in two requests.
  const byLeader = new Map<string, OffsetQuery[]>();
  const leaders = new Map<string, number>();
  for (const query of queries) {
    const leader = await leaderOf(client, query);
    const key = `${leader}/${query.timestampMs}`;
    leaders.set(key, leader);
    const group = byLeader.get(key) ?? [];
    byLeader.set(key, group);
    group.push(query);
  }
  await Promise.all(
    [...byLeader].map(([key, group]) =>
      ask(client, { leader: leaders.get(key) ?? -1, group, found }),
    ),
  );
  return queries.map((query) => found.get(query) ?? null);
}

/** Log start and end of partitions, in their order. */
export async function logRanges(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
): Promise<readonly { readonly logStartOffset: Offset; readonly logEndOffset: Offset }[]> {
  const at = (timestampMs: number): Promise<readonly (Offset | null)[]> =>
    listOffsets(
      client,
      partitions.map(({ topic, partition }) => ({ topic, partition, timestampMs })),
    );
  const [starts, ends] = await Promise.all([at(LOG_START), at(LOG_END)]);
  return partitions.map((_, index) => ({
    logStartOffset: starts[index] ?? asOffset(0),
    logEndOffset: ends[index] ?? asOffset(0),
  }));
}

const ENDS = { earliest: LOG_START, latest: LOG_END } as const;

/** The offset at which a position stands now: for a time, the first record at or after it, else the log end. */
export async function offsetAt(
  client: KafkaClient,
  { topic, partition }: TopicPartition,
  position: StartPosition,
): Promise<Offset> {
  const ask = async (timestampMs: number): Promise<Offset | null> => {
    const [offset] = await listOffsets(client, [{ topic, partition, timestampMs }]);
    return offset ?? null;
  };
  const wanted = position.kind === "time" ? position.epochMs : ENDS[position.kind];
  const offset = (await ask(wanted)) ?? (await ask(LOG_END));
  if (offset === null) throw new Error("the broker gives no log end");
  return offset;
}

/** The node that leads a partition. @throws KafkaError `LEADER_NOT_AVAILABLE`; MillraceError as `KafkaClient.partitionsOf`. */
export async function leaderOf(
  client: KafkaClient,
  { topic, partition }: TopicPartition,
): Promise<number> {
  const places = await client.partitionsOf(topic);
  const leader = places.find((place) => place.partition === partition)?.leader ?? null;
  if (leader !== null) return leader;
  await client.refresh();
  const fresh = client.leaderOf(topic, partition);
  if (fresh === null) throw new KafkaError(LEADER_NOT_AVAILABLE);
  return fresh;
}

const LEADER_NOT_AVAILABLE = 5;

async function ask(
  client: KafkaClient,
  question: {
    readonly leader: number;
    readonly group: readonly OffsetQuery[];
    readonly found: Map<OffsetQuery, Offset | null>;
  },
): Promise<void> {
  const { leader, group, found } = question;
  const byTopic = Map.groupBy(group, ({ topic }) => topic);
  const answer = await client.send<Answer>(leader, {
    api: "ListOffsets",
    payload: {
      replicaId: -1,
      isolationLevel: 0,
      topics: [...byTopic].map(([topic, partitions]) => ({
        topic,
        partitions: partitions.map(({ partition, timestampMs }) => ({
          partition,
          timestamp: timestampMs,
        })),
      })),
    },
  });
  for (const { topic, partitions } of answer.responses) {
    for (const { partition, errorCode, offset } of partitions) {
      if (errorCode !== 0) throw new KafkaError(errorCode);
      const query = byTopic
        .get(asTopic(topic))
        ?.find((one) => one.partition === asPartition(partition));
      if (query !== undefined)
        found.set(query, Number(offset) < 0 ? null : asOffset(Number(offset)));
    }
  }
}
