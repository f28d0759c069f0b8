import { boundIntake } from "../offsets/bounds.ts";
import { markDirty } from "../offsets/commit.ts";
import type { StepContext } from "../context.ts";
import { createDelivery, type NewRecord } from "./delivery.ts";
import { advanceWaiting } from "../aside/detour.ts";
import { offer } from "./dispatch.ts";
import { asOffset, type Offset } from "./identity.ts";
import type { Input } from "../input.ts";
import { enqueue, laneIn, laneNameOf } from "./lane.ts";
import { isSettledBy } from "../aside/marker.ts";
import type { PartitionState } from "./partition.ts";
import { partitionName } from "../state.ts";

type RecordsEvent<P> = Extract<Input<P>, { kind: "records" }>;

/** Puts records into their lanes; settles those that an earlier owner settled or the filter leaves out. */
export function takeRecords<P>(context: StepContext<P>, input: RecordsEvent<P>): void {
  const partition = context.state.partitions.get(partitionName(input.topic, input.partition));
  if (partition === undefined) return;
  for (const record of input.records) {
    if (record.offset < partition.tracker.nextOffset) continue;
    take(context, partition, record);
  }
  advanceWaiting(context, partition);
  boundIntake(context, partition);
}

function take<P>(
  context: StepContext<P>,
  partition: PartitionState<P>,
  record: NewRecord<P>,
): void {
  const isDone =
    partition.tracker.wasDone(record.offset) || wasSetAside(context, partition, record);
  const isSettled = isDone || record.kind === "filtered";
  const sequence = partition.tracker.track(record.offset, isSettled);
  if (isSettled) {
    markDirty(context, partition);
    if (!isDone) skip(context, partition, record.offset);
    return;
  }
  partition.unsettledBytes += record.bytes;
  const lane = laneIn(partition, partition, laneNameOf(context.state.config.order, record.key));
  const delivery = createDelivery(lane, record, sequence);
  delivery.isInherited = record.offset < partition.inheritedBelow;
  enqueue(lane, delivery);
  if (lane.state === "idle") offer(context, lane);
}

/** An earlier owner settled it before it set the key aside; had it not been committed, it would be sent again. */
function wasSetAside<P>(
  context: StepContext<P>,
  { aside }: PartitionState<P>,
  record: NewRecord<P>,
): boolean {
  if (aside.size === 0 || record.kind === "filtered") return false;
  const name = laneNameOf(context.state.config.order, record.key);
  const kept = name === null ? undefined : aside.get(name);
  return kept !== undefined && isSettledBy(kept.marker, record.offset);
}

/** One effect for offsets in a row: a filter may leave out most of a topic. */
function skip<P>({ effects }: StepContext<P>, partition: PartitionState<P>, offset: Offset): void {
  const to = asOffset(offset + 1);
  const last = effects.at(-1);
  if (last?.kind === "skipped" && last.partition === partition && last.to === offset) last.to = to;
  else effects.push({ kind: "skipped", partition, from: offset, to });
}
