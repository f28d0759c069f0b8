import { DEFAULTS } from "@millrace/engine";
import type { Draws } from "./draws.ts";
import type { EventPlan, Plan, TargetPlan } from "./plan.ts";

/** Events of a wide plan: twice as many as a done set has runs at the metadata limit, and some. */
const EVENT_COUNT = 4_000;
/** Keys that are fast. */
const KEY_COUNT = 20;
const SLOW_KEY = "hot";
const SLOW_KEY_MS = 400;
/** Wide plans whose keys are so long that what a partition holds ahead reaches its bytes before its count. */
const LONG_KEYS_SHARE = 0.6;
const LONG_END = "-".repeat(6_000);
/** More than all events take. */
const BYTES_MAX = 1_073_741_824;

/**
 * The same plan with one long partition in which a slow key has every other event: what is settled above it has as many
 * runs as the metadata of a commit can hold, and more. Long keys weigh what long values would, and are one text each.
 */
export function wide(plan: Plan, draws: Draws): Plan {
  const [topic] = plan.topics;
  if (topic === undefined) return plan;
  const spreadMs = draws.pick("wide.spread", [1, plan.chaosMs * 0.1, plan.chaosMs * 0.5]);
  const keyEnd = draws.chance("wide.long-keys", LONG_KEYS_SHARE) ? LONG_END : "";
  const slowKey = `${SLOW_KEY}${keyEnd}`;
  const keys = Array.from({ length: KEY_COUNT }, (_, index) => `k${index}${keyEnd}`);
  const fates = Object.fromEntries(plan.targets.map(({ name }) => [name, "deliver"] as const));
  const events = Array.from({ length: EVENT_COUNT }, (_, index): EventPlan => {
    const isSlow = index % 2 === 0;
    return {
      id: `w${index}`,
      at: (index / EVENT_COUNT) * spreadMs,
      topic: topic.name,
      partition: 0,
      key: isSlow ? slowKey : draws.pick("wide.key", keys),
      gapCount: 0,
      schemaId: 1,
      fates,
    };
  });
  const operations = plan.operations.filter(({ kind }) => kind !== "reconfigure");
  return {
    ...plan,
    events,
    operations,
    targets: plan.targets.map((target) => widened(target, slowKey)),
  };
}

/** Terms under which only the done set bounds anything. */
function widened(target: TargetPlan, slowKey: string): TargetPlan {
  const { rate, retry } = DEFAULTS;
  const bounds = {
    ...DEFAULTS.bounds,
    unsettledMax: 2 * EVENT_COUNT,
    targetUnsettledMax: 2 * EVENT_COUNT,
    unsettledBytesMax: BYTES_MAX,
    targetBytesMax: BYTES_MAX,
  };
  return {
    ...target,
    engine: { ...target.engine, order: "key", concurrencyMax: 64, rate, bounds, retry },
    latencyMs: { from: 1, to: 10 },
    faults: { ...target.faults, slowKeys: new Set([slowKey]), slowKeyMs: SLOW_KEY_MS },
  };
}
