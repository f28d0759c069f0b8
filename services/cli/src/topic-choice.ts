import type { TargetConfig } from "@millrace/config";
import { MillraceError } from "@millrace/engine";
import { createTopicAdmin } from "@millrace/kafka";
import { nearest, nearestHint } from "@millrace/schemas";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { connectionOf, type Settings } from "./settings.ts";

/** A topic that a command is about; with partitions, those only. */
export interface TopicChoice {
  readonly topic: string;
  /** Null: all. */
  readonly partitions: readonly number[] | null;
}

/**
 * Requires topics that the target reads, each once.
 * @throws CliError not found, with the nearest topic there is; usage for one that stands twice.
 */
export function requireTopics(
  { name, topics: known }: Pick<TargetConfig, "name" | "topics">,
  topics: readonly TopicChoice[],
): void {
  const seen = new Set<string>();
  for (const { topic } of topics) {
    if (!known.includes(topic)) {
      throw new CliError(EXIT.notFound, `${name} does not read topic ${topic}`, {
        hint: nearestHint(topic, known, "it reads none"),
      });
    }
    if (seen.has(topic)) {
      throw new CliError(EXIT.usage, `--topic ${topic} stands twice`, {
        hint: `name its partitions together: --topic ${topic}:0,3`,
      });
    }
    seen.add(topic);
  }
}

/** Whether an error says that a topic does not exist. */
export function isTopicMissing(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === "TOPIC_MISSING";
}

/**
 * What there is to say where something failed over a topic: when it does not exist and one of nearly that name does, which one;
 * else what was said already.
 * @param topics names of the topics that there are; where they cannot be had, nothing is added.
 */
export async function withNearTopic(
  error: unknown,
  topic: string,
  topics: () => Promise<readonly string[]>,
): Promise<unknown> {
  if (!isTopicMissing(error)) return error;
  const near = await nearTopic(topic, topics);
  if (near === null) return error;
  return new CliError(EXIT.notFound, error.message, {
    hint: `did you mean ${near}?`,
    cause: error,
  });
}

/** The topic of nearly this name; null where none is, or where they cannot be had. */
export async function nearTopic(
  topic: string,
  topics: () => Promise<readonly string[]>,
): Promise<string | null> {
  return nearest(topic, await topics().catch(() => []));
}

/** Names of the cluster's topics, without Kafka's own. @throws MillraceError of the brokers. */
export async function topicNames(settings: Pick<Settings, "kafka">): Promise<readonly string[]> {
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const topics = await admin.listTopics();
    return topics.flatMap(({ topic, isInternal }) => (isInternal ? [] : [topic]));
  } finally {
    await admin.close();
  }
}
