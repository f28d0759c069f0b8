/** Who is there to deliver. */
import { NOWHERE, type Cause } from "./cause.ts";
import type { TargetFacts } from "./facts.ts";
import { ownershipCauses } from "./ownership-causes.ts";
import { partitionCause, placesOf, waitingIn } from "./partition-causes.ts";

/** Kafka tells neither owners nor who its members are in these. */
const REBALANCING: ReadonlySet<string> = new Set(["PreparingRebalance", "CompletingRebalance"]);

/** Causes that lie with the target's processes. */
export function groupCauses(facts: TargetFacts): readonly Cause[] {
  const isWaiting = facts.partitions.some(({ state, waitingCount }) => {
    return waitingCount > 0 || state === "not-started";
  });
  if (REBALANCING.has(facts.groupState)) return [rebalancing(facts)];
  const hasProcess = facts.members.some(({ process }) => process !== null);
  if (!hasProcess) return isWaiting ? [noProcess(facts)] : [];
  return [...ownershipCauses(facts), ...(isWaiting ? unreachable(facts) : [])];
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

function unreachable({ target, members }: TargetFacts): readonly Cause[] {
  const unreached = members.filter(({ process, view }) => process !== null && view === null);
  const [first] = unreached;
  if (first === undefined) return [];
  const { process, failure } = first;
  return [
    {
      ...{ ...NOWHERE, kind: "process-unreachable", target, since: null },
      details: { processes: unreached.length, process, failure },
      next: "run this on the machine of the process, or with its MILLRACE_ADMIN_TOKEN",
    },
  ];
}
