import { Kafka, logLevel } from "kafkajs";
import { covers, readCoverage } from "../checker/done-set.ts";
import { positionOf, type Arrival } from "./arrivals.ts";

/**
 * What a group has committed of a topic right now, done sets included, as kafkajs alone reads it: whether an arrival's
 * event is covered, so that no owner may send it again (S12, S13).
 */
export async function readGroupCoverage(
  brokers: readonly string[],
  groupId: string,
  topic: string,
): Promise<(arrival: Arrival) => boolean> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  const coverages = new Map(
    (committed?.partitions ?? []).map(({ partition, offset, metadata }) => [
      partition,
      readCoverage(Number(offset), metadata ?? ""),
    ]),
  );
  return (arrival) => {
    const { partition, offset } = positionOf(arrival);
    const coverage = coverages.get(partition);
    return coverage !== undefined && covers(coverage, offset);
  };
}
