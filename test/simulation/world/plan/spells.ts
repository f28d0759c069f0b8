import type { FaultClass } from "./fault-classes.ts";
import type { Episode } from "./plan.ts";

/** How targets answer while a spell of a class lasts. */
export const SPELLS: readonly (readonly [FaultClass, Episode["kind"]])[] = [
  ["outage", "outage"],
  ["refused-spell", "refused"],
  ["throttle-spell", "throttled"],
  ["absurd-retry-after", "throttled-absurdly"],
  ["unauthorized-spell", "unauthorized"],
  ["redirect-spell", "redirect"],
  ["tls-spell", "tls"],
  ["slow-spell", "slow"],
  ["hang-spell", "hang"],
];

/** Whether a class of faults is one of spells. */
export function isSpell(fault: FaultClass): boolean {
  return fault === "flapping" || SPELLS.some(([name]) => name === fault);
}
