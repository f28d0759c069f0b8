import { ENGINE_STATES, type EngineStateName } from "../../coverage/engine-states.ts";
import { reasonOf } from "../../coverage/impossible-pairs.ts";
import type { Draws } from "./draws.ts";
import { FAULT_CLASSES } from "./fault-classes.ts";
import type { Focus } from "./focus.ts";

/** Seeds that are about something; the others are left to chance. */
const FOCUSED_SHARE = 0.8;
const STATES_MAX = 2;
const FAULTS_MAX = 8;
/** States that last for moments, or end what could strike in them. */
const RARE: readonly EngineStateName[] = [
  ...(["generation-over", "breaker-half-open", "lane-held", "lane-releasing"] as const),
  ...(["lane-owing", "membership-none", "membership-draining", "throttled"] as const),
  ...(["misconfigured", "breaker-open", "paused"] as const),
];
/** The rarest. */
const RAREST: readonly EngineStateName[] = [
  ...(["generation-over", "breaker-half-open", "lane-held", "lane-releasing"] as const),
  ...(["lane-owing", "paused", "generation-over"] as const),
];
const STATES = [...ENGINE_STATES, ...RARE, ...RARE, ...RAREST, ...RAREST, ...RAREST];

/** Draws what a seed is about: each of a few faults in each of a few states. */
export function drawFoci(draws: Draws): readonly Focus[] {
  if (!draws.chance("focus.any", FOCUSED_SHARE)) return [];
  const states = some(draws, STATES, STATES_MAX);
  const faults = some(draws, FAULT_CLASSES, FAULTS_MAX);
  return states
    .flatMap((state) => faults.map((fault): Focus => ({ fault, state })))
    .filter(({ fault, state }) => reasonOf(fault, state) === null);
}

function some<Item>(draws: Draws, items: readonly Item[], most: number): readonly Item[] {
  const count = 1 + draws.below("focus.count", most);
  return Array.from({ length: count }, () => draws.pick("focus.pick", items));
}
