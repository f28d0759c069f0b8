import type { StepContext } from "./context.ts";
import { DONE_RUNS_MAX } from "./done-set.ts";
import type { PartitionState } from "./partition.ts";

/** Pauses fetching at a bound, resumes it below three quarters of all. */
export function boundIntake<P>(context: StepContext<P>, partition: PartitionState<P>): void {
  const load = fillRatio(context, partition);
  const { topic, partition: id } = partition;
  if (!partition.isFetchPaused && load >= 1) {
    partition.isFetchPaused = true;
    context.effects.push({ kind: "pause-fetch", topic, partition: id });
  } else if (partition.isFetchPaused && load < 0.75) {
    partition.isFetchPaused = false;
    context.effects.push({ kind: "resume-fetch", topic, partition: id });
  }
}

/**
 * How full a partition is by its fullest bound; 1 is the bound. The done set must never be cut, or a crash would
 * repeat more than was in flight: what is unsettled now can split into as many runs again as half of it.
 */
function fillRatio<P>({ state }: StepContext<P>, partition: PartitionState<P>): number {
  const { bounds } = state.config;
  const partitionCount = state.partitions.size;
  const { unsettledCount, runCount, span } = partition.tracker;
  return Math.max(
    unsettledCount / Math.min(bounds.unsettledMax, bounds.targetUnsettledMax / partitionCount),
    partition.unsettledBytes /
      Math.min(bounds.unsettledBytesMax, bounds.targetBytesMax / partitionCount),
    span / bounds.spanMax,
    (unsettledCount + runCount) / 2 / DONE_RUNS_MAX,
  );
}
