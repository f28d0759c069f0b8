import type { StepContext } from "./context.ts";
import type { AssignedInput, Input } from "./input.ts";
import { createPartition, type PartitionState } from "./partition.ts";
import { partitionName } from "./state.ts";

type AssignedEvent = Extract<Input<never>, { kind: "assigned" }>;

/** Takes up a generation: keeps continued partitions whole, begins an epoch for taken ones, ends all others. */
export function beginGeneration<P>(context: StepContext<P>, input: AssignedEvent): void {
  const { state } = context;
  const kept = new Set<string>();
  for (const assigned of input.partitions) kept.add(adopt(context, assigned));
  for (const [name, partition] of state.partitions) {
    if (!kept.has(name)) endEpoch(context, partition, name);
  }
  state.generation = input.generation;
  state.membership = "active";
  state.commitNotBefore = 0;
  state.slotCount = slotShare(state.config.concurrencyMax, kept.size, input.partitionCount);
  for (const partition of state.partitions.values()) {
    if (partition.isDirty) state.dirty.add(partition);
  }
}

/** Ends every epoch: nothing is sent or committed until the next assignment. */
export function endEpochs<P>(context: StepContext<P>): void {
  const { state } = context;
  for (const [name, partition] of state.partitions) endEpoch(context, partition, name);
  state.membership = "none";
  state.committing = null;
}

/** A process's slots: the target's, by the share of partitions it owns; at least one. */
function slotShare(max: number, owned: number, all: number): number {
  return Math.max(1, Math.floor((max * owned) / Math.max(1, all)));
}

function adopt<P>({ state }: StepContext<P>, assigned: AssignedInput): string {
  const name = partitionName(assigned.topic, assigned.partition);
  if (assigned.kind === "taken") {
    const earlier = state.partitions.get(name);
    if (earlier !== undefined) forget(state, earlier);
    state.partitions.set(name, createPartition(assigned));
  }
  return name;
}

function endEpoch<P>({ state }: StepContext<P>, partition: PartitionState<P>, name: string): void {
  forget(state, partition);
  state.partitions.delete(name);
}

/** I4: lanes of an ended epoch stay in the queues until they are taken, and are dropped then. */
function forget<P>(state: StepContext<P>["state"], partition: PartitionState<P>): void {
  partition.isOwned = false;
  partition.lanes.clear();
  partition.looseLanes.clear();
  state.dirty.delete(partition);
}
