/** In which states an engine can be when a fault strikes: what coverage counts next to the faults. */
import type { TargetDriver } from "@millrace/engine";

type EngineView = TargetDriver["state"];

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

/** The states that an engine is in. */
export function statesOf(state: EngineView, now: number): ReadonlySet<EngineStateName> {
  const states = new Set<EngineStateName>();
  noteMembership(state, states);
  noteHold(state, { now, states });
  notePartitions(state, states);
  if (state.committing !== null) states.add("commit-in-flight");
  return states;
}

function noteMembership(
  { membership, isGenerationOver }: EngineView,
  states: Set<EngineStateName>,
): void {
  states.add(`membership-${membership}`);
  if (isGenerationOver && membership !== "none") states.add("generation-over");
}

function noteHold(
  { hold: { throttle, misconfiguration, breaker, pauses }, limit, config }: EngineView,
  { now, states }: { readonly now: number; readonly states: Set<EngineStateName> },
): void {
  const before = states.size;
  if (now < throttle.until) states.add("throttled");
  if (misconfiguration.isHeld) states.add("misconfigured");
  if (breaker.stage !== "closed") states.add(`breaker-${breaker.stage}`);
  if (pauses.size > 0) states.add("paused");
  if (states.size === before) states.add("free");
  if (limit.value < config.concurrencyMax) states.add("limit-reduced");
}

function notePartitions({ partitions }: EngineView, states: Set<EngineStateName>): void {
  let laneCount = 0;
  for (const { lanes, looseLanes, aside, detours, isFetchPaused } of partitions.values()) {
    if (aside.size > 0) states.add("quarantine");
    if (isFetchPaused) states.add("fetch-paused");
    const detourLanes = Array.from(detours, ({ lane }) => lane);
    for (const some of [lanes.values(), looseLanes, detourLanes]) {
      for (const { state } of some) {
        if (state === "idle" || state === "blocked") continue;
        laneCount += 1;
        states.add(`lane-${state}`);
      }
    }
  }
  if (laneCount === 0) states.add("lane-none");
}
