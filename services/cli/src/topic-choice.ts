import { MillraceError } from "@millrace/engine";
import { createTopicAdmin } from "@millrace/kafka";
import { nearest } from "@millrace/schemas";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { connectionOf, type Settings } from "./settings.ts";

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
