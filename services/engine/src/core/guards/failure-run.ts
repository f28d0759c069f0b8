/**
 * Failures in a row. A busy target that goes down fills a window with failures far too slowly, so a run of them opens
 * the breaker, where it can be no chance.
 */
import type { StepContext } from "../context.ts";
import { isSameLane, type Lane } from "../lanes/lane.ts";
import type { EngineState } from "../state.ts";

/** Failures since the last answer. */
export interface FailureRun<Payload> {
  count: number;
  /** The lane of the first of them. */
  lane: Lane<Payload> | null;
  /** They are of more than one lane. */
  isWide: boolean;
}

/** Failures in a row that open the breaker, where failures were rare before. */
export const RUN_MIN = 5;
/** More in a row are needed where failures were common: as many as chance brings about once in so many calls. */
export const RUN_CHANCE = 1e-9;

/** No failure. */
export function createFailureRun<P>(): FailureRun<P> {
  return { count: 0, lane: null, isWide: false };
}

/** One more. */
export function addFailure<P>(run: FailureRun<P>, lane: Lane<P>): void {
  run.count += 1;
  run.lane ??= lane;
  run.isWide ||= !isSameLane(run.lane, lane);
}

/** An answer came. */
export function endRun<P>(run: FailureRun<P>): void {
  run.count = 0;
  run.lane = null;
  run.isWide = false;
}

/**
 * Whether the run tells that the target is down: long enough to be no chance, at least what is in flight, since a target
 * that refuses what it cannot take at once refuses that in a run, and takes the rest; and of two lanes, or of the only one.
 */
export function isRunLong<P>({ state, inFlightBefore }: StepContext<P>): boolean {
  const { run } = state.hold.breaker;
  if (run.count < RUN_MIN || run.count < inFlightBefore) return false;
  if (run.count < chanceRun(state)) return false;
  return run.isWide || hasOneActiveLane(state);
}

/** How long a run must be to be no chance, by the share of failures before it. */
function chanceRun<P>({ hold, config }: EngineState<P>): number {
  const { window, run } = hold.breaker;
  const callCount = window.callCount - run.count;
  if (callCount < config.breaker.minCalls) return RUN_MIN;
  const failureRatio = Math.max(0, window.failureCount - run.count) / callCount;
  return Math.ceil(Math.log(RUN_CHANCE) / Math.log(failureRatio));
}

/** One key that fails while it is alone says as much as two would. */
function hasOneActiveLane<P>({ partitions }: EngineState<P>): boolean {
  let activeCount = 0;
  for (const { lanes, looseLanes } of partitions.values()) {
    activeCount += looseLanes.size;
    for (const { state } of lanes.values()) {
      if (state !== "blocked") activeCount += 1;
      if (activeCount > 1) return false;
    }
  }
  return activeCount <= 1;
}
