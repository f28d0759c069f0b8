import { Kafka, logLevel } from "kafkajs";
import { covers, readCoverage, type Coverage } from "../checker/done-set.ts";
import { positionOf, type Arrival } from "./arrivals.ts";

/** What a group has committed of a partition. */
export interface GroupCommit {
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string;
}

/** What a group has committed of a topic right now, as kafkajs alone reads it; by partition. */
export async function readGroupCommits(
  brokers: readonly string[],
  groupId: string,
  topic: string,
): Promise<readonly GroupCommit[]> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return (committed?.partitions ?? [])
    .map(({ partition, offset, metadata }) => ({ partition, offset, metadata: metadata ?? "" }))
    .sort((one, other) => one.partition - other.partition);
}

/** Whether an arrival's event is covered by what a group has committed, so that no owner may send it again (S12, S13). */
export async function readGroupCoverage(
  brokers: readonly string[],
  groupId: string,
  topic: string,
): Promise<(arrival: Arrival) => boolean> {
  const commits = await readGroupCommits(brokers, groupId, topic);
  return coveredBy(
    new Map(
      commits.map(({ partition, offset, metadata }) => [
        partition,
        readCoverage(Number(offset), metadata),
      ]),
    ),
  );
}

/** Whether an arrival's event is covered by what is done of its partition. */
export function coveredBy(coverages: ReadonlyMap<number, Coverage>): (arrival: Arrival) => boolean {
  return (arrival) => {
    const { partition, offset } = positionOf(arrival);
    const coverage = coverages.get(partition);
    return coverage !== undefined && covers(coverage, offset);
  };
}
