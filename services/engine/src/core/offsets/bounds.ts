import type { StepContext } from "../context.ts";
import { DONE_RUNS_MAX } from "./done-set.ts";
import type { PartitionState } from "../lanes/partition.ts";

/** Lanes that wait for a slot, for each slot and at least; more would only grow old in memory. */
export const READY_PER_SLOT = 2;
export const READY_MIN = 64;
/**
 * Where keys are few: an eighth of those lanes is enough while four times as many events as lanes are unsettled, but for no
 * longer than so long, ms: what takes longer to go down to half may be slow, and others may be behind it.
 */
export const DEEP_READY_SHARE = 1 / 8;
export const DEEP_TIMES = 4;
export const DEEP_MS = 1_000;
/** Share of a bound from which a slow key is deferred, and below which fetching goes on. */
export const DEFER_AT = 0.8;

/** Pauses fetching at a bound, or while the target is sated; resumes it when no key is to be deferred for the load. */
export function boundIntake<P>(context: StepContext<P>, partition: PartitionState<P>): void {
  const { isSated } = context.state;
  const load = loadOf(context, partition);
  const { pressed, deferral } = context.state;
  if (load >= DEFER_AT && !pressed.has(partition)) {
    pressed.add(partition);
    deferral.lookAt = deferral.notBefore;
  }
  const { topic, partition: id } = partition;
  if (!partition.isFetchPaused && (isSated || load >= 1)) {
    partition.isFetchPaused = true;
    context.effects.push({ kind: "pause-fetch", topic, partition: id });
  } else if (partition.isFetchPaused && !isSated && load < DEFER_AT) {
    partition.isFetchPaused = false;
    context.effects.push({ kind: "resume-fetch", topic, partition: id });
  }
}

/**
 * The target is sated when enough lanes wait for a slot, whatever their partition, until half of them are gone; for a while
 * also when fewer wait and many events are unsettled, until half of those are gone.
 */
export function noteAppetite<P>(context: StepContext<P>): void {
  const { state } = context;
  const most = Math.max(READY_MIN, READY_PER_SLOT * state.slotCount);
  const enough = state.isSated ? most / 2 : most;
  const isSated = state.ready.length >= enough || isDeep(context, enough);
  if (isSated === state.isSated) return;
  state.isSated = isSated;
  for (const partition of state.partitions.values()) boundIntake(context, partition);
}

function isDeep<P>({ state, now }: StepContext<P>, enough: number): boolean {
  const isReady = state.ready.length >= DEEP_READY_SHARE * enough;
  if (!isReady && state.deepSince === null) return false;
  let unsettledCount = 0;
  for (const { tracker } of state.partitions.values()) unsettledCount += tracker.unsettledCount;
  if (unsettledCount < DEEP_TIMES * enough) {
    state.deepSince = null;
    return false;
  }
  state.deepSince ??= now;
  return isReady && now - state.deepSince < DEEP_MS;
}

/**
 * How full a partition is by its fullest bound; 1 is the bound. The done set must never be cut, or a crash would repeat
 * more than was in flight: what is unsettled now can split into as many runs again as half of it.
 */
export function loadOf<P>({ state }: StepContext<P>, partition: PartitionState<P>): number {
  const { bounds } = state.config;
  const partitionCount = state.partitions.size;
  const { unsettledCount, runCount, span } = partition.tracker;
  const countMax = Math.min(bounds.unsettledMax, bounds.targetUnsettledMax / partitionCount);
  const bytesMax = Math.min(bounds.unsettledBytesMax, bounds.targetBytesMax / partitionCount);
  return Math.max(
    unsettledCount / countMax,
    partition.unsettledBytes / bytesMax,
    span / bounds.spanMax,
    (unsettledCount + runCount) / 2 / DONE_RUNS_MAX,
  );
}
