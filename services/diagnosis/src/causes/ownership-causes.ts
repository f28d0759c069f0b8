/** Who has the partitions of a group that is settled: nobody, or a process that has not begun with them. */
import type { Cause } from "./cause.ts";
import type { TargetFacts } from "./facts.ts";
import { partitionCause, placesOf, waitingIn } from "./partition-causes.ts";

/** Causes that lie with who owns the target's partitions; of a group with members that Kafka tells the owners of. */
export function ownershipCauses({ target, partitions }: TargetFacts): readonly Cause[] {
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
  const idle = partitions.filter(({ hasOwner, state }) => hasOwner && state === "not-started");
  if (idle.length > 0) {
    causes.push({
      ...partitionCause("not-started", target, idle),
      details: { partitions: placesOf(idle) },
      next: "look at the log of its processes: they resolve startAt when they take a partition over",
    });
  }
  return causes;
}
