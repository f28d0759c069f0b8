/** What is wrong with partitions, whatever the target and its processes do: records or offsets that are gone. */
import { EVIDENCE_MAX, NOWHERE, type Cause } from "./cause.ts";
import type { PartitionFact, TargetFacts } from "./facts.ts";

/** Causes of a target's partitions. */
export function partitionCauses(facts: TargetFacts): readonly Cause[] {
  const { target, partitions } = facts;
  const inState = (state: PartitionFact["state"]): readonly PartitionFact[] =>
    partitions.filter((one) => one.state === state);
  const causes: Cause[] = [];
  const gone = inState("records-gone");
  if (gone.length > 0) {
    const goneCount = gone.reduce((sum, one) => sum + (one.goneCount ?? 0), 0);
    causes.push({
      ...partitionCause("records-gone", target, gone),
      details: { partitions: placesOf(gone), gone: goneCount },
      next: `the records are lost to ${target}: decide where it goes on, ${setOffsets(facts, gone)}`,
    });
  }
  const lost = inState("offsets-gone");
  if (lost.length > 0) {
    causes.push({
      ...partitionCause("offsets-gone", target, lost),
      details: { partitions: placesOf(lost) },
      next: `the group has lost its offsets: decide where it goes on, ${setOffsets(facts, lost)}`,
    });
  }
  return causes;
}

/** How a group's offsets are set, with Kafka's own tool. Kafka refuses it while the group has members. */
function setOffsets({ group }: TargetFacts, partitions: readonly PartitionFact[]): string {
  const topics = numbersByTopic(partitions).map(
    ([topic, numbers]) => `--topic ${topic}:${numbers.join(",")}`,
  );
  const tool = `kafka-consumer-groups.sh --bootstrap-server BROKERS --group ${group}`;
  return `stop its processes, and set its offsets: ${tool} ${topics.join(" ")} --reset-offsets --to-earliest --execute; or --to-latest, --to-datetime, --to-offset`;
}

/** Events that wait in partitions. */
export function waitingIn(partitions: readonly PartitionFact[]): number {
  return partitions.reduce((sum, { waitingCount }) => sum + waitingCount, 0);
}

/** The oldest of what waits; null where nothing does. */
function oldestOf(partitions: readonly PartitionFact[]): string | null {
  const times = partitions.flatMap(({ head }) => head?.at ?? []).sort();
  return times[0] ?? null;
}

/** Partitions as text: `users 0, 3`. */
export function placesOf(partitions: readonly PartitionFact[]): string {
  return numbersByTopic(partitions)
    .map(([topic, numbers]) => `${topic} ${numbers.join(", ")}`)
    .join("; ");
}

function numbersByTopic(
  partitions: readonly PartitionFact[],
): readonly (readonly [topic: string, numbers: readonly number[]])[] {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  return Array.from(byTopic, ([topic, ones]) => [topic, ones.map(({ partition }) => partition)]);
}

/** A cause of partitions, with what waits at their heads for evidence. */
export function partitionCause(
  kind: Cause["kind"],
  target: string,
  partitions: readonly PartitionFact[],
): Omit<Cause, "details" | "next"> {
  const heads = partitions.flatMap(({ topic, partition, head }) =>
    head === null ? [] : [`${topic}:${partition}:${head.offset}`],
  );
  const evidence = heads.slice(0, EVIDENCE_MAX);
  return { ...NOWHERE, kind, target, since: oldestOf(partitions), evidence };
}
