import type { StepContext } from "../context.ts";
import { DONE_RUNS_MAX } from "./done-set.ts";
import type { PartitionState } from "../lanes/partition.ts";

/** Lanes that wait for a slot, for each slot and at least; more would only grow old in memory. */
export const READY_PER_SLOT = 2;
export const READY_MIN = 64;
/** Share of a bound from which a slow key is deferred. */
export const DEFER_AT = 0.8;

/** Pauses fetching at a bound, or while the target is sated; resumes it below three quarters of all bounds. */
export function boundIntake<P>(context: StepContext<P>, partition: PartitionState<P>): void {
  const { isSated } = context.state;
  const { settled, unsettled } = pressureOf(context, partition);
  const load = Math.max(settled, unsettled);
  if (load >= DEFER_AT) context.state.pressed.add(partition);
  const { topic, partition: id } = partition;
  if (!partition.isFetchPaused && (isSated || load >= 1)) {
    partition.isFetchPaused = true;
    context.effects.push({ kind: "pause-fetch", topic, partition: id });
  } else if (partition.isFetchPaused && !isSated && load < 0.75) {
    partition.isFetchPaused = false;
    context.effects.push({ kind: "resume-fetch", topic, partition: id });
  }
}

/** The target is sated when enough lanes wait for a slot, whatever their partition, until half of them are gone. */
export function noteAppetite<P>(context: StepContext<P>): void {
  const { state } = context;
  const enough = Math.max(READY_MIN, READY_PER_SLOT * state.slotCount);
  const isSated = state.ready.length >= (state.isSated ? enough / 2 : enough);
  if (isSated === state.isSated) return;
  state.isSated = isSated;
  for (const partition of state.partitions.values()) boundIntake(context, partition);
}

/** How full a partition is; 1 is the bound. */
export interface Pressure {
  /** By what is settled above the committable offset. */
  readonly settled: number;
  /** By what is unsettled. */
  readonly unsettled: number;
}

/**
 * How full a partition is by its fullest bounds. The done set must never be cut, or a crash would repeat more than was
 * in flight: what is unsettled now can split into as many runs again as half of it.
 */
export function pressureOf<P>({ state }: StepContext<P>, partition: PartitionState<P>): Pressure {
  const { bounds } = state.config;
  const partitionCount = state.partitions.size;
  const { unsettledCount, runCount, span } = partition.tracker;
  const unsettled = Math.max(
    unsettledCount / Math.min(bounds.unsettledMax, bounds.targetUnsettledMax / partitionCount),
    partition.unsettledBytes /
      Math.min(bounds.unsettledBytesMax, bounds.targetBytesMax / partitionCount),
  );
  const runs = (unsettledCount + runCount) / 2 / DONE_RUNS_MAX;
  return { settled: Math.max(span / bounds.spanMax, runs), unsettled };
}
