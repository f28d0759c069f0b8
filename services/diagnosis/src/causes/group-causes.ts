/** Who is there to deliver. */
import { NOWHERE, type Cause } from "./cause.ts";
import type { PartitionFact, TargetFacts } from "./facts.ts";
import { isWorkedOn, ownershipCauses } from "./ownership-causes.ts";
import { partitionCause, placesOf, waitingIn } from "./partition-causes.ts";

/** Kafka tells neither owners nor who its members are in these. */
const REBALANCING: ReadonlySet<string> = new Set(["PreparingRebalance", "CompletingRebalance"]);

/** Causes that lie with the target's processes. */
export function groupCauses(facts: TargetFacts): readonly Cause[] {
  // Nobody is to be in the group.
  if (facts.rewind !== null) return [];
  if (REBALANCING.has(facts.groupState)) return [rebalancing(facts)];
  const hasProcess = facts.members.some(({ process }) => process !== null);
  if (!hasProcess) return facts.partitions.some(isWaiting) ? [noProcess(facts)] : [];
  return [...ownershipCauses(facts), ...unreachable(facts)];
}

function isWaiting({ state, waitingCount }: PartitionFact): boolean {
  return waitingCount > 0 || state === "not-started";
}

function noProcess({ target, members, partitions }: TargetFacts): Cause {
  const waiting = partitions.filter(({ waitingCount }) => waitingCount > 0);
  const deliver = `millrace deliver --target ${target}`;
  return {
    ...partitionCause("no-process", target, waiting),
    details: {
      partitions: placesOf(waiting),
      waiting: waitingIn(waiting),
      strangers: members.length,
    },
    next:
      members.length === 0
        ? deliver
        : `end the other program in its group: millrace groups describe ${target}; then ${deliver}`,
  };
}

function rebalancing({ target, members, groupState }: TargetFacts): Cause {
  return {
    ...{ ...NOWHERE, kind: "rebalancing", target, since: null },
    details: { members: members.length, state: groupState },
    next: `millrace groups describe ${target} --watch`,
  };
}

/** Where nothing waits that a process alone could tell of, nothing is missed. */
function unreachable(facts: TargetFacts): readonly Cause[] {
  const { target, members, partitions } = facts;
  const unreached = members.filter(({ process, view }) => process !== null && view === null);
  const [first] = unreached;
  const unknown = partitions.filter((one) => {
    return isWaiting(one) && one.hasOwner && !isWorkedOn(facts, one);
  });
  if (first === undefined || unknown.length === 0) return [];
  const { process, failure } = first;
  return [
    {
      ...partitionCause("process-unreachable", target, unknown),
      details: { processes: unreached.length, process, failure },
      next: "run this on the machine of the process, or with its MILLRACE_ADMIN_TOKEN",
    },
  ];
}
