/** Who is there to deliver. */
import { NOWHERE, type Cause } from "./cause.ts";
import type { TargetFacts } from "./facts.ts";
import { ownershipCauses } from "./ownership-causes.ts";
import { oldestOf, placesOf, waitingIn } from "./partition-causes.ts";

/** Kafka tells no owners in these. */
const REBALANCING: ReadonlySet<string> = new Set(["PreparingRebalance", "CompletingRebalance"]);

/** Causes that lie with the target's processes. */
export function groupCauses(facts: TargetFacts): readonly Cause[] {
  const { target, members, partitions, groupState } = facts;
  const isWaiting = partitions.some(({ state, waitingCount }) => {
    return waitingCount > 0 || state === "not-started";
  });
  if (members.length === 0) {
    if (!isWaiting) return [];
    const waiting = partitions.filter(({ waitingCount }) => waitingCount > 0);
    return [
      {
        ...{ ...NOWHERE, kind: "no-process", target, since: oldestOf(waiting) },
        details: { partitions: placesOf(waiting), waiting: waitingIn(waiting) },
        next: `millrace deliver --target ${target}`,
      },
    ];
  }
  return [
    ...(REBALANCING.has(groupState) ? [rebalancing(facts)] : ownershipCauses(facts)),
    ...(isWaiting ? unreachable(facts) : []),
  ];
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
