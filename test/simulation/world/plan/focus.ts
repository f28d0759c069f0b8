/** What a seed is about besides chance: faults that are to strike engines in states that they are seldom in. */
import type { EngineStateName } from "../../coverage/engine-states.ts";
import type { FaultClass } from "./fault-classes.ts";

/** A fault that strikes whoever is in a state, more often than its plan says otherwise. */
export interface Focus {
  readonly fault: FaultClass;
  readonly state: EngineStateName;
}

/** Faults that bring a state about. */
export const MAKERS: Readonly<Record<EngineStateName, readonly FaultClass[]>> = {
  "membership-none": ["rebalance", "link-cut", "long-stall", "freeze", "slow-call"],
  "membership-active": [],
  "membership-draining": ["rebalance", "terminate", "slow-call"],
  "generation-over": ["terminate", "rebalance", "writes-refused", "commit-lost", "group-delayed"],
  free: [],
  throttled: ["throttle-spell", "throttle", "slow-call"],
  misconfigured: ["unauthorized-spell", "slow-call"],
  "breaker-open": ["outage", "hang-spell", "slow-call"],
  "breaker-half-open": ["outage", "hang-spell", "slow-call"],
  "breaker-slow-start": ["outage", "refused-spell", "slow-call"],
  "limit-reduced": ["throttle", "server-error"],
  paused: ["pause", "slow-call"],
  "lane-none": ["freeze"],
  "lane-ready": ["slow-call"],
  "lane-in-flight": ["slow-call"],
  "lane-waiting": ["server-error"],
  "lane-owing": ["reject", "rebalance", "slow-call", "pause", "undeliverable"],
  "lane-writing": ["reject", "undeliverable", "produce-delayed"],
  "lane-marking": ["reject", "undeliverable", "state-delayed"],
  "lane-parking": ["reject", "undeliverable", "produce-delayed"],
  "lane-held": ["reject", "redrive", "state-delayed", "fetch-delayed", "slow-key"],
  "lane-releasing": ["reject", "redrive", "state-delayed", "state-lost", "slow-key"],
  quarantine: ["reject"],
  "commit-in-flight": ["commit-delayed"],
  "fetch-paused": ["slow-key"],
};

/** The classes of faults that foci need. */
export function aimedClasses(foci: readonly Focus[]): ReadonlySet<FaultClass> {
  return new Set(foci.flatMap(({ fault, state }) => [fault, ...MAKERS[state]]));
}

/** States in which no call begins: what strikes calls in them was on its way before. */
export const SILENT: readonly EngineStateName[] = [
  ...(["membership-none", "membership-draining", "throttled", "misconfigured"] as const),
  ...(["breaker-open", "breaker-half-open", "paused", "lane-owing", "lane-none"] as const),
];
