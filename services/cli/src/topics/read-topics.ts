import { asTopic } from "@millrace/engine";
import type { TopicAdmin } from "@millrace/kafka";
import type { DesiredTopic } from "./desired-topic.ts";
import { planTopics, type ExistingTopic, type TopicStep } from "./topic-plan.ts";

/** Compares what should be with what the brokers have. */
export async function readTopicPlan(
  admin: TopicAdmin,
  desired: readonly DesiredTopic[],
): Promise<readonly TopicStep[]> {
  const described = await admin.describeTopics(desired.map(({ name }) => asTopic(name)));
  const existing = await Promise.all(
    Array.from(described, async ([name, { partitionCount }]) => {
      const config = await admin.topicConfig(name);
      return [name, { partitions: partitionCount, config }] as const;
    }),
  );
  return planTopics(desired, new Map<string, ExistingTopic>(existing));
}
