import type { StepContext } from "../context.ts";
import { forgetDetour, startDetour } from "../aside/detour.ts";
import type { TopicPartition } from "./identity.ts";
import type { AssignedInput, Input } from "../input.ts";
import type { Lane } from "./lane.ts";
import { boundIntake } from "../offsets/bounds.ts";
import { createPartition, type PartitionState } from "./partition.ts";
import { forgetProgress } from "../aside/progress.ts";
import { forgetReplay } from "../replay/course.ts";
import { partitionName } from "../state.ts";

type AssignedEvent = Extract<Input<never>, { kind: "assigned" }>;

/** Takes up a generation: keeps continued partitions whole, begins an epoch for taken ones, ends all others. */
export function beginGeneration<P>(context: StepContext<P>, input: AssignedEvent): void {
  const { state } = context;
  const kept = new Set<string>();
  for (const assigned of input.partitions) kept.add(adopt(context, assigned));
  for (const [name, partition] of state.partitions) {
    if (!kept.has(name)) endEpoch(context, partition);
  }
  forgetEnded(context);
  state.generation = input.generation;
  state.isGenerationOver = false;
  state.membership = "active";
  state.commitNotBefore = 0;
  const share = Math.min(1, kept.size / Math.max(1, input.partitionCount));
  state.share = share;
  // Whoever owned them meanwhile may have used the burst.
  const keepsNone = input.partitions.every(({ kind }) => kind === "taken");
  if (keepsNone) state.bucket.setShare(0, context.now);
  state.bucket.setShare(share, context.now);
  boundAll(context);
}

/** Ends the epochs of partitions that the next generation does not continue. */
export function endEpochs<P>(context: StepContext<P>, partitions: readonly TopicPartition[]): void {
  for (const { topic, partition } of partitions) {
    const ended = context.state.partitions.get(partitionName(topic, partition));
    if (ended !== undefined) endEpoch(context, ended);
  }
  forgetEnded(context);
  boundAll(context);
}

/** Each partition's part of what the target may hold has changed. */
function boundAll<P>(context: StepContext<P>): void {
  for (const partition of context.state.partitions.values()) boundIntake(context, partition);
}

/** Ends every epoch: nothing is sent or committed until the next assignment. */
export function fence<P>(context: StepContext<P>): void {
  const { state } = context;
  endEpochs(context, [...state.partitions.values()]);
  state.membership = "none";
  state.bucket.setShare(0, context.now);
  state.committing = null;
  state.progress.open = null;
}

function adopt<P>(context: StepContext<P>, assigned: AssignedInput): string {
  const { state } = context;
  const name = partitionName(assigned.topic, assigned.partition);
  if (assigned.kind === "taken") {
    const earlier = state.partitions.get(name);
    if (earlier !== undefined) endEpoch(context, earlier);
    const taken = createPartition<P>(assigned);
    state.partitions.set(name, taken);
    for (const aside of taken.aside.values()) {
      if (aside.marker.kind === "deferred") startDetour(context, aside);
    }
  }
  return name;
}

function endEpoch<P>({ state }: StepContext<P>, partition: PartitionState<P>): void {
  partition.isOwned = false;
  partition.lanes.clear();
  partition.looseLanes.clear();
  for (const detour of partition.detours) forgetDetour(state, detour);
  for (const replay of partition.replays.values()) forgetReplay(state, replay);
  partition.contended.clear();
  partition.aside.clear();
  state.pressed.delete(partition);
  state.dirty.delete(partition);
  state.partitions.delete(partitionName(partition.topic, partition.partition));
}

/** I4: queues hold no lane of an ended epoch, so neither its work nor its memory outlives it, attempts in flight aside. */
function forgetEnded<P>({ state }: StepContext<P>): void {
  const isOwned = ({ partition }: Lane<P>): boolean => partition.isOwned;
  state.ready.keep(isOwned);
  state.retries.keep(isOwned);
  state.waiting.keep(isOwned);
  state.owing.keep(isOwned);
  state.replays.ready.keep(isOwned);
  state.replays.retries.keep(isOwned);
  state.replays.urgent.keep(isOwned);
  forgetProgress(state);
}
