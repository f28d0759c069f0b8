import { boundIntake } from "./bounds.ts";
import { markDirty } from "./commit.ts";
import type { StepContext } from "./context.ts";
import type { Delivery, MatchedRecord, NewRecord } from "./delivery.ts";
import { offer } from "./dispatch.ts";
import { asOffset, type Offset } from "./identity.ts";
import type { Input } from "./input.ts";
import { createLane, enqueue, type Lane } from "./lane.ts";
import { isSettledBy } from "./marker.ts";
import type { PartitionState } from "./partition.ts";
import { partitionName } from "./state.ts";

type RecordsEvent<P> = Extract<Input<P>, { kind: "records" }>;

/** Lane name of `order: partition`: one for all keys. */
const WHOLE_PARTITION = "";

/** Puts records into their lanes; settles those that an earlier owner settled or the filter leaves out. */
export function takeRecords<P>(context: StepContext<P>, input: RecordsEvent<P>): void {
  const partition = context.state.partitions.get(partitionName(input.topic, input.partition));
  if (partition === undefined) return;
  for (const record of input.records) {
    if (record.offset < partition.tracker.nextOffset) continue;
    take(context, partition, record);
  }
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
  const lane = laneOf(context, partition, record);
  enqueue(lane, createDelivery(lane, record, sequence));
  if (lane.state === "idle") offer(context, lane);
}

/** An earlier owner settled it before it set the key aside; had it not been committed, it would be sent again. */
function wasSetAside<P>(
  context: StepContext<P>,
  { aside }: PartitionState<P>,
  record: NewRecord<P>,
): boolean {
  if (aside.size === 0 || record.kind === "filtered") return false;
  const name = laneName(context, record);
  const kept = name === null ? undefined : aside.get(name);
  return kept !== undefined && isSettledBy(kept.marker, record.offset);
}

/** Null: the record is ordered with no other. */
function laneName<P>({ state }: StepContext<P>, { key }: MatchedRecord<P>): string | null {
  switch (state.config.order) {
    case "key":
      return key;
    case "partition":
      return WHOLE_PARTITION;
    case "none":
      return null;
  }
}

/** One effect for offsets in a row: a filter may leave out most of a topic. */
function skip<P>({ effects }: StepContext<P>, partition: PartitionState<P>, offset: Offset): void {
  const to = asOffset(offset + 1);
  const last = effects.at(-1);
  if (last?.kind === "skipped" && last.partition === partition && last.to === offset) last.to = to;
  else effects.push({ kind: "skipped", partition, from: offset, to });
}

function laneOf<P>(
  context: StepContext<P>,
  partition: PartitionState<P>,
  record: MatchedRecord<P>,
): Lane<P> {
  const name = laneName(context, record);
  if (name === null) {
    const loose = createLane(partition, null);
    partition.looseLanes.add(loose);
    return loose;
  }
  const known = partition.lanes.get(name);
  if (known !== undefined) return known;
  const lane = createLane(partition, name);
  partition.lanes.set(name, lane);
  return lane;
}

function createDelivery<P>(lane: Lane<P>, record: MatchedRecord<P>, sequence: number): Delivery<P> {
  const { partition } = lane;
  const { offset, bytes, verdict, payload } = record;
  return {
    partition,
    lane,
    offset,
    sequence,
    epoch: partition.epoch,
    bytes,
    verdict,
    payload,
    next: null,
    attemptCount: 0,
    chargedCount: 0,
    refusedCount: 0,
    wasAmbiguous: false,
    startedAt: 0,
    lastStartedAt: 0,
    lastDurationMs: 0,
    lastResult: null,
    earlierAttempts: null,
    firstChargedAt: null,
    firstFailedAt: null,
    lastFailedAt: null,
    lastFailure: null,
    givenUp: null,
    isDeadLettered: false,
  };
}
