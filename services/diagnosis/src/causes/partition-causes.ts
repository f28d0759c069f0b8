/** What is wrong with partitions, whatever the target does: records or offsets that are gone, nobody who reads. */
import { EVIDENCE_MAX, NOWHERE, type Cause } from "./cause.ts";
import type { PartitionFact, TargetFacts } from "./facts.ts";

/** Causes of a target's partitions. */
export function partitionCauses(facts: TargetFacts): readonly Cause[] {
  const { target, partitions, members } = facts;
  const inState = (state: PartitionFact["state"]): readonly PartitionFact[] =>
    partitions.filter((one) => one.state === state);
  const unowned = partitions.filter((one) => !one.hasOwner && one.waitingCount > 0);
  const causes: Cause[] = [];
  const gone = inState("records-gone");
  if (gone.length > 0) {
    const goneCount = gone.reduce((sum, one) => sum + (one.goneCount ?? 0), 0);
    causes.push({
      ...of("records-gone", target, gone),
      details: { partitions: placesOf(gone), gone: goneCount },
      next: `the records are lost to ${target}: decide where it goes on, then set its offsets`,
    });
  }
  const lost = inState("offsets-gone");
  if (lost.length > 0) {
    causes.push({
      ...of("offsets-gone", target, lost),
      details: { partitions: placesOf(lost) },
      next: "the group has lost its offsets: decide where it goes on, then set them",
    });
  }
  if (unowned.length > 0 && members.length > 0) {
    causes.push({
      ...of("partitions-unowned", target, unowned),
      details: { partitions: placesOf(unowned), waiting: waitingIn(unowned) },
      next: `millrace groups describe ${target}`,
    });
  }
  const idle = inState("not-started");
  if (idle.length > 0 && members.length > 0) {
    causes.push({
      ...of("not-started", target, idle),
      details: { partitions: placesOf(idle) },
      next: "look at the log of its processes: they resolve startAt when they take a partition over",
    });
  }
  return causes;
}

/** Events that wait in partitions. */
export function waitingIn(partitions: readonly PartitionFact[]): number {
  return partitions.reduce((sum, { waitingCount }) => sum + waitingCount, 0);
}

/** The oldest of what waits; null where nothing does. */
export function oldestOf(partitions: readonly PartitionFact[]): string | null {
  const times = partitions.flatMap(({ head }) => head?.at ?? []).sort();
  return times[0] ?? null;
}

/** Partitions as text: `users 0, 3`. */
export function placesOf(partitions: readonly PartitionFact[]): string {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const texts = Array.from(
    byTopic,
    ([topic, ones]) => `${topic} ${ones.map(({ partition }) => partition).join(", ")}`,
  );
  return texts.join("; ");
}

function of(
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
