import { DEFAULTS } from "@millrace/engine";
import type { Draws } from "./draws.ts";
import type { EventPlan, Plan, TargetPlan } from "./plan.ts";

/** Events of a wide plan: twice as many as a done set has runs at the metadata limit, and some. */
const EVENT_COUNT = 4_000;
/** Keys that are fast. */
const KEY_COUNT = 20;
const SLOW_KEY = "hot";
const SLOW_KEY_MS = 400;

/**
 * The same plan with one long partition in which a slow key has every other event: what is settled above it has as many
 * runs as the metadata of a commit can hold, and more.
 */
export function wide(plan: Plan, draws: Draws): Plan {
  const [topic] = plan.topics;
  if (topic === undefined) return plan;
  const spreadMs = draws.pick("wide.spread", [1, plan.chaosMs * 0.1, plan.chaosMs * 0.5]);
  const fates = Object.fromEntries(plan.targets.map(({ name }) => [name, "deliver"] as const));
  const events = Array.from({ length: EVENT_COUNT }, (_, index): EventPlan => {
    const isSlow = index % 2 === 0;
    return {
      id: `w${index}`,
      at: (index / EVENT_COUNT) * spreadMs,
      topic: topic.name,
      partition: 0,
      key: isSlow ? SLOW_KEY : `k${draws.below("wide.key", KEY_COUNT)}`,
      gapCount: 0,
      schemaId: 1,
      fates,
    };
  });
  const operations = plan.operations.filter(({ kind }) => kind !== "reconfigure");
  return { ...plan, events, operations, targets: plan.targets.map(widened) };
}

/** Terms under which only the done set bounds anything. */
function widened(target: TargetPlan): TargetPlan {
  const { rate, retry } = DEFAULTS;
  const bounds = {
    ...DEFAULTS.bounds,
    unsettledMax: 2 * EVENT_COUNT,
    targetUnsettledMax: 2 * EVENT_COUNT,
  };
  return {
    ...target,
    engine: { ...target.engine, order: "key", concurrencyMax: 64, rate, bounds, retry },
    latencyMs: { from: 1, to: 10 },
    faults: { ...target.faults, slowKeys: new Set([SLOW_KEY]), slowKeyMs: SLOW_KEY_MS },
  };
}
