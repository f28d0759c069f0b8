import type { Draws } from "./draws.ts";
import type { EventPlan, Plan } from "./plan.ts";

/** Keys of a crowded plan: more than the flood guard wants to see before it pauses a target. */
const KEYS = { from: 20, to: 200 } as const;
/** Share of events that a target refuses then. */
const REJECT_SHARES = [0, 0.3, 0.6, 1] as const;

/** The same plan with many keys, and in most with so many refusals that something must be wrong with the target. */
export function crowded(plan: Plan, draws: Draws): Plan {
  const keyCount = KEYS.from + draws.below("crowd.keys", KEYS.to - KEYS.from);
  const share = plan.classes.has("reject") ? draws.pick("crowd.rejects", REJECT_SHARES) : 0;
  const events = plan.events.map((event): EventPlan => {
    const isRejected = draws.chance("crowd.reject", share);
    const fates = Object.fromEntries(
      Object.entries(event.fates).map(([target, fate]) => [
        target,
        fate === "deliver" && isRejected ? "reject" : fate,
      ]),
    );
    if (event.key === null) return { ...event, fates };
    // A key stays in its partition.
    const count = plan.topics.find(({ name }) => name === event.topic)?.partitionCount ?? 1;
    const inPartition = Math.max(1, Math.floor(keyCount / count));
    const key = `c${event.partition}-${draws.below("crowd.key", inPartition)}`;
    return { ...event, key, fates };
  });
  return { ...plan, events };
}
