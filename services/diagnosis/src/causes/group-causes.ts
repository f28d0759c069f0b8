/** Who is there to deliver. */
import { NOWHERE, type Cause } from "./cause.ts";
import type { TargetFacts } from "./facts.ts";
import { oldestOf, placesOf, waitingIn } from "./partition-causes.ts";

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
  const causes: Cause[] = [];
  if (REBALANCING.has(groupState)) {
    causes.push({
      ...{ ...NOWHERE, kind: "rebalancing", target, since: null },
      details: { members: members.length, state: groupState },
      next: `millrace groups describe ${target} --watch`,
    });
  }
  const unreached = members.filter(({ process, view }) => process !== null && view === null);
  if (unreached.length > 0 && isWaiting) {
    const [first] = unreached;
    causes.push({
      ...{ ...NOWHERE, kind: "process-unreachable", target, since: null },
      details: {
        processes: unreached.length,
        process: first?.process ?? null,
        failure: first?.failure ?? null,
      },
      next: "run this on the machine of the process, or with its MILLRACE_ADMIN_TOKEN",
    });
  }
  return causes;
}
