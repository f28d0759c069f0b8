/** In which states an engine can be when a fault strikes: what coverage counts next to the faults. */
import type { TargetDriver } from "@millrace/engine";

type EngineView = TargetDriver["state"];
type PartitionView =
  EngineView["partitions"] extends ReadonlyMap<unknown, infer Value> ? Value : never;
type LaneState =
  PartitionView["lanes"] extends ReadonlyMap<
    unknown,
    infer Lane extends { readonly state: unknown }
  >
    ? Lane["state"]
    : never;

/** Every state that is told apart. Several hold at once. */
export const ENGINE_STATES = [
  "membership-none",
  "membership-active",
  "membership-draining",
  "generation-over",
  "free",
  "throttled",
  "misconfigured",
  "breaker-open",
  "breaker-half-open",
  "breaker-slow-start",
  "paused",
  "limit-reduced",
  "lane-none",
  "lane-ready",
  "lane-in-flight",
  "lane-waiting",
  "lane-owing",
  "lane-writing",
  "lane-marking",
  "lane-parking",
  "lane-held",
  "lane-releasing",
  "quarantine",
  "commit-in-flight",
  "fetch-paused",
] as const;

/** The name of one. */
export type EngineStateName = (typeof ENGINE_STATES)[number];

type StateRule = (state: EngineView, now: number) => boolean;

/** When an engine is in each of them. Those who wait for a moment ask after every event of a world: none makes anything. */
const RULES: Readonly<Record<EngineStateName, StateRule>> = {
  "membership-none": ({ membership }) => membership === "none",
  "membership-active": ({ membership }) => membership === "active",
  "membership-draining": ({ membership }) => membership === "draining",
  "generation-over": ({ membership, isGenerationOver }) =>
    isGenerationOver && membership !== "none",
  free: (state, now) => !isHeld(state, now),
  throttled: isThrottled,
  misconfigured: ({ hold }) => hold.misconfiguration.isHeld,
  "breaker-open": ({ hold }) => hold.breaker.stage === "open",
  "breaker-half-open": ({ hold }) => hold.breaker.stage === "half-open",
  "breaker-slow-start": ({ hold }) => hold.breaker.stage === "slow-start",
  paused: ({ hold }) => hold.pauses.size > 0,
  "limit-reduced": ({ limit, config }) => limit.value < config.concurrencyMax,
  "lane-none": (state) => !hasLane(state, isBusy),
  "lane-ready": (state) => hasLane(state, (lane) => lane === "ready"),
  "lane-in-flight": (state) => hasLane(state, (lane) => lane === "in-flight"),
  "lane-waiting": (state) => hasLane(state, (lane) => lane === "waiting"),
  "lane-owing": (state) => hasLane(state, (lane) => lane === "owing"),
  "lane-writing": (state) => hasLane(state, (lane) => lane === "writing"),
  "lane-marking": (state) => hasLane(state, (lane) => lane === "marking"),
  "lane-parking": (state) => hasLane(state, (lane) => lane === "parking"),
  "lane-held": (state) => hasLane(state, (lane) => lane === "held"),
  "lane-releasing": (state) => hasLane(state, (lane) => lane === "releasing"),
  quarantine: (state) => hasPartition(state, ({ aside }) => aside.size > 0),
  "commit-in-flight": ({ committing }) => committing !== null,
  "fetch-paused": (state) => hasPartition(state, ({ isFetchPaused }) => isFetchPaused),
};

/** Whether an engine is in a state. */
export function isIn(name: EngineStateName, state: EngineView, now: number): boolean {
  return RULES[name](state, now);
}

/** The states that an engine is in. */
export function statesOf(state: EngineView, now: number): readonly EngineStateName[] {
  return ENGINE_STATES.filter((name) => isIn(name, state, now));
}

function isHeld(state: EngineView, now: number): boolean {
  const { misconfiguration, breaker, pauses } = state.hold;
  const isClosed = breaker.stage === "closed" && pauses.size === 0 && !misconfiguration.isHeld;
  return !isClosed || isThrottled(state, now);
}

function isThrottled({ hold: { throttle } }: EngineView, now: number): boolean {
  return now < throttle.until;
}

function isBusy(lane: LaneState): boolean {
  return lane !== "idle" && lane !== "blocked";
}

function hasPartition(
  { partitions }: EngineView,
  isWanted: (partition: PartitionView) => boolean,
): boolean {
  for (const partition of partitions.values()) if (isWanted(partition)) return true;
  return false;
}

function hasLane(state: EngineView, isWanted: (lane: LaneState) => boolean): boolean {
  return hasPartition(state, ({ lanes, looseLanes, detours }) => {
    for (const lane of lanes.values()) if (isWanted(lane.state)) return true;
    for (const lane of looseLanes) if (isWanted(lane.state)) return true;
    for (const { lane } of detours) if (isWanted(lane.state)) return true;
    return false;
  });
}
