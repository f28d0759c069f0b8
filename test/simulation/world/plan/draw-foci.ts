import { ENGINE_STATES, type EngineStateName } from "../../coverage/engine-states.ts";
import { reasonOf } from "../../coverage/impossible-pairs.ts";
import type { Draws } from "./draws.ts";
import { FAULT_CLASSES, type FaultClass } from "./fault-classes.ts";
import { ambushesOf, isOfCalls, type Focus } from "./focus.ts";
import { isSpell } from "./spells.ts";

/** Seeds that are about something; the others are left to chance. */
const FOCUSED_SHARE = 0.9;
/** Of the faults that may strike in a state, so many at once. */
const FAULTS_SHARE_MAX = 0.4;

/** How often seeds are about a state, next to the others: chance meets these seldom, and all others often enough. */
const WEIGHTS: Readonly<Partial<Record<EngineStateName, number>>> = {
  "generation-over": 24,
  "breaker-half-open": 23,
  "lane-held": 10,
  "lane-releasing": 20,
  "lane-owing": 17,
  "lane-writing": 2,
  "lane-marking": 3,
  "lane-parking": 2,
  "membership-none": 7,
  "membership-draining": 2,
  throttled: 3,
  misconfigured: 11,
  "breaker-open": 7,
  "breaker-slow-start": 3,
  paused: 5,
  "commit-in-flight": 1,
  "lane-none": 1,
};
const STATES = ENGINE_STATES.flatMap((state) =>
  Array.from({ length: WEIGHTS[state] ?? 0 }, () => state),
);

/** Faults that are hardest to bring about where the engine does what they strike but now and then. */
const SELDOM: readonly FaultClass[] = [
  ...(["crash-in-send", "crash-in-commit", "crash-in-produce", "crash-in-state"] as const),
  ...(["undeliverable", "state-lost", "state-unanswered", "refetch"] as const),
];
const FAULTS = [...FAULT_CLASSES, ...SELDOM, ...SELDOM];

/**
 * Faults that strike a generation that is over, by what brings it about: calls are open in it for a reason of its own. While
 * a spell lasts little else befalls calls; what comes with events befalls those that nothing else does.
 */
const FAULTS_OVER: readonly (readonly FaultClass[])[] = [
  ...Array.from({ length: 8 }, () => FAULTS.filter((fault) => !isOfCalls(fault))),
  ...Array.from({ length: 3 }, () => FAULTS.filter(isSpell)),
  ...Array.from({ length: 2 }, () => FAULTS.filter((fault) => isOfCalls(fault) && !isSpell(fault))),
  ["reject", "slow-key"],
];

/** Draws what a seed is about: each of a few faults in a state. */
export function drawFoci(draws: Draws): readonly Focus[] {
  if (!draws.chance("focus.any", FOCUSED_SHARE)) return [];
  const state = draws.pick("focus.pick", STATES);
  const pool = state === "generation-over" ? draws.pick("focus.pool", FAULTS_OVER) : FAULTS;
  const count = 1 + draws.below("focus.count", Math.floor(pool.length * FAULTS_SHARE_MAX));
  const faults = new Set<FaultClass>(
    Array.from({ length: count }, () => draws.pick("focus.pick", pool)),
  );
  const foci = Array.from(faults, (fault): Focus => ({ fault, state })).filter(
    ({ fault }) => reasonOf(fault, state) === null,
  );
  return [...foci, ...ambushesOf(state, faults)];
}
