/** Who has the partitions of a group that is settled: nobody, or a process that has not begun with them. */
import type { Cause } from "./cause.ts";
import type { PartitionFact, TargetFacts } from "./facts.ts";
import { partitionCause, placesOf, waitingIn } from "./partition-causes.ts";

/** Causes that lie with who owns the target's partitions; of a group with members that Kafka tells the owners of. */
export function ownershipCauses(facts: TargetFacts): readonly Cause[] {
  const { target, partitions } = facts;
  const causes: Cause[] = [];
  const unowned = partitions.filter(({ hasOwner, state, waitingCount }) => {
    return !hasOwner && (waitingCount > 0 || state === "not-started");
  });
  if (unowned.length > 0) {
    causes.push({
      ...partitionCause("partitions-unowned", target, unowned),
      details: { partitions: placesOf(unowned), waiting: waitingIn(unowned) },
      next: `restart the processes of ${target}: they may run by an older configuration, without these partitions; who has which: millrace groups describe ${target}`,
    });
  }
  const idle = partitions.filter((partition) => isIdle(facts, partition));
  if (idle.length > 0) {
    causes.push({
      ...partitionCause("not-started", target, idle),
      details: { partitions: placesOf(idle), waiting: waitingIn(idle) },
      next: `look at the log of its processes: they cannot take the partitions over, because of Kafka or of a topic of their own; millrace doctor`,
    });
  }
  return causes;
}

/** Whether a process has a partition and does not work on it, as far as all processes say what they work on. */
function isIdle(facts: TargetFacts, partition: PartitionFact): boolean {
  const { hasOwner, state, waitingCount } = partition;
  if (!hasOwner) return false;
  if (state === "not-started") return true;
  if (state !== "reading" || waitingCount === 0) return false;
  return facts.members.every(({ view }) => view !== null) && !isWorkedOn(facts, partition);
}

/** Whether a process that was asked says that it works on a partition, or stands still there. */
export function isWorkedOn({ members }: TargetFacts, partition: PartitionFact): boolean {
  const views = members.flatMap(({ view }) => view ?? []);
  return views.some(({ partitions, halts }) =>
    [...partitions, ...halts].some((one) => isSame(one, partition)),
  );
}

function isSame(
  one: Pick<PartitionFact, "partition" | "topic">,
  other: Pick<PartitionFact, "partition" | "topic">,
): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
