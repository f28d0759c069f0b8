import { Kafka, logLevel } from "kafkajs";

/** Deletes the records of a partition below an offset, as retention does. */
export async function deleteRecords(
  brokers: readonly string[],
  { topic, partition, before }: { topic: string; partition: number; before: number },
): Promise<void> {
  const kafka = new Kafka({
    ...{ brokers: [...brokers], clientId: "millrace-test", logLevel: logLevel.NOTHING },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    // kafkajs looks for the leader in what it knows already.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
  } finally {
    await admin.disconnect();
  }
}
