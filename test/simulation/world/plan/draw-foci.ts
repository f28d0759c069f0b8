import { ENGINE_STATES, type EngineStateName } from "../../coverage/engine-states.ts";
import { reasonOf } from "../../coverage/impossible-pairs.ts";
import type { Draws } from "./draws.ts";
import { FAULT_CLASSES, type FaultClass } from "./fault-classes.ts";
import { ambushesOf, type Focus } from "./focus.ts";

/** Seeds that are about something; the others are left to chance. */
const FOCUSED_SHARE = 0.9;
const FAULTS_MAX = 22;

/** How often seeds are about a state, next to the others: chance meets these seldom, and all others often enough. */
const WEIGHTS: Readonly<Partial<Record<EngineStateName, number>>> = {
  "generation-over": 19,
  "breaker-half-open": 10,
  "lane-held": 9,
  "lane-releasing": 14,
  "lane-owing": 7,
  "lane-writing": 2,
  "lane-marking": 3,
  "lane-parking": 2,
  "membership-none": 6,
  "membership-draining": 2,
  throttled: 3,
  misconfigured: 7,
  "breaker-open": 6,
  "breaker-slow-start": 3,
  paused: 3,
  "commit-in-flight": 1,
  "lane-none": 1,
};
const STATES = ENGINE_STATES.flatMap((state) =>
  Array.from({ length: WEIGHTS[state] ?? 0 }, () => state),
);

/** Faults that are hardest to bring about where the engine does what they strike but now and then. */
const SELDOM: readonly FaultClass[] = ["crash-in-produce", "crash-in-state", "undeliverable"];
const FAULTS = [...FAULT_CLASSES, ...SELDOM, ...SELDOM];

/** Draws what a seed is about: each of a few faults in a state. */
export function drawFoci(draws: Draws): readonly Focus[] {
  if (!draws.chance("focus.any", FOCUSED_SHARE)) return [];
  const state = draws.pick("focus.pick", STATES);
  const count = 1 + draws.below("focus.count", FAULTS_MAX);
  const faults = new Set<FaultClass>(
    Array.from({ length: count }, () => draws.pick("focus.pick", FAULTS)),
  );
  const foci = Array.from(faults, (fault): Focus => ({ fault, state })).filter(
    ({ fault }) => reasonOf(fault, state) === null,
  );
  return [...foci, ...ambushesOf(state, faults)];
}
