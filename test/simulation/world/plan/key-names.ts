import type { Draws } from "./draws.ts";
import type { Plan } from "./plan.ts";

/** What keys begin with, as Latin-1 of their bytes: a key may be any bytes, UTF-8 or not. */
const PREFIXES = ["", "", "", "clé/ü%", "\u0080\u00ff-"] as const;

/** The same plan with keys of other names. */
export function renamed(plan: Plan, draws: Draws): Plan {
  const prefix = draws.pick("keys.prefix", PREFIXES);
  if (prefix === "") return plan;
  return {
    ...plan,
    events: plan.events.map((event) => ({
      ...event,
      key: event.key === null ? null : prefix + event.key,
    })),
    targets: plan.targets.map((target) => {
      const slowKeys = new Set(Array.from(target.faults.slowKeys, (key) => prefix + key));
      return { ...target, faults: { ...target.faults, slowKeys } };
    }),
  };
}
