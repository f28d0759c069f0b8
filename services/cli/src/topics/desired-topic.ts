/** The topics that `init` makes: Millrace's own (design of the wire) and the catalogue's. */
import { controlTopic, deliveriesTopic, ownTopics, stateTopic } from "@millrace/config";
import type { CatalogTopic } from "@millrace/schemas";
import type { Settings } from "../settings.ts";

/** A topic as it should be. */
export interface DesiredTopic {
  readonly name: string;
  readonly partitions: number;
  /** Kafka's topic configuration, by name. */
  readonly config: Readonly<Record<string, string>>;
  /** What it is for, in a word or two. */
  readonly purpose: string;
}

/**
 * The brokers' time, never a client's: a record whose producer's clock is wrong would be deleted by retention while
 * nobody has read it.
 */
const BROKER_TIME = { "message.timestamp.type": "LogAppendTime" };

/** Dead letters and parked events are the original record and some headers more, so they need more room than it. */
const WITH_ROOM = { ...BROKER_TIME, "max.message.bytes": "2097152" };

const WEEK_MS = 604_800_000;
const DELIVERIES_PARTITIONS = 12;

/** Topics that targets read and the catalogue does not have: somebody else's, never created here. */
export function foreignTopics({
  catalog,
  targets,
}: Pick<Settings, "catalog" | "targets">): readonly string[] {
  const sources = [...targets.values()].flatMap(({ topics }) => topics);
  return [...new Set(sources)].filter((name) => !catalog.topics.has(name));
}

/**
 * All topics of a configuration, the catalogue's first; each name once.
 * @param foreign the partition counts of the foreign topics that exist.
 */
export function desiredTopics(
  { namespace, catalog, targets }: Pick<Settings, "namespace" | "catalog" | "targets">,
  foreign: ReadonlyMap<string, number>,
): readonly DesiredTopic[] {
  const topics = [...catalog.topics.values()].map((topic) => catalogTopic(topic));
  const partitionsOf = new Map(foreign);
  for (const { name, partitions } of topics) partitionsOf.set(name, partitions);
  topics.push(...namespaceTopics(namespace));
  for (const { name, topics: sources } of targets.values()) {
    const partitions = Math.max(1, ...sources.map((source) => partitionsOf.get(source) ?? 1));
    const { dead, parked } = ownTopics(namespace, name);
    const config = { "cleanup.policy": "delete", "retention.ms": "-1", ...WITH_ROOM };
    topics.push({ name: dead, partitions, config, purpose: "dead letters" });
    topics.push({ name: parked, partitions, config, purpose: "parked events" });
  }
  return topics;
}

function catalogTopic({
  name,
  partitions,
  retentionMs,
  cleanupPolicy,
}: CatalogTopic): DesiredTopic {
  const config = {
    "cleanup.policy": cleanupPolicy,
    "retention.ms": String(retentionMs ?? -1),
    ...BROKER_TIME,
  };
  return { name, partitions, config, purpose: "events" };
}

function namespaceTopics(namespace: string): readonly DesiredTopic[] {
  const compacted = { "cleanup.policy": "compact", ...BROKER_TIME };
  const kept = { "cleanup.policy": "delete", "retention.ms": String(WEEK_MS), ...BROKER_TIME };
  return [
    { name: stateTopic(namespace), partitions: 1, config: compacted, purpose: "state" },
    { name: controlTopic(namespace), partitions: 1, config: compacted, purpose: "control" },
    {
      name: deliveriesTopic(namespace),
      partitions: DELIVERIES_PARTITIONS,
      config: kept,
      purpose: "journal",
    },
  ];
}
