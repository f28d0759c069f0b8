import { KafkaJSProtocolError, type Admin } from "kafkajs";
import { until } from "./until.ts";

/** First and next offset of each partition, as kafkajs tells them. */
export type TopicEnds = Awaited<ReturnType<Admin["fetchTopicOffsets"]>>;

/** The ends of a topic. A broker that was told to make it a moment ago may not lead its partitions yet. */
export async function topicEnds(admin: Admin, topic: string): Promise<TopicEnds> {
  const found: TopicEnds[] = [];
  await until(`the leaders of ${topic}`, async () => {
    try {
      found.push(await admin.fetchTopicOffsets(topic));
    } catch (error) {
      if (!(error instanceof KafkaJSProtocolError) || !error.retriable) throw error;
    }
    return found.length > 0;
  });
  return found.flat();
}
