import type { EventPlan, Plan } from "../plan/plan.ts";

/** The lane of an event at a target: its key, or the empty string for a partition in order; null where nothing orders it. */
export function eventLane(
  { targets }: Plan,
  name: string,
  { key }: Pick<EventPlan, "key">,
): string | null {
  switch (targets.find((target) => target.name === name)?.engine.order) {
    case "key":
      return key;
    case "partition":
      return "";
    default:
      return null;
  }
}
