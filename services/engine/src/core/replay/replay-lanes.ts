/**
 * The lanes of replays: one event of a key after the other, each counted once. What becomes of an event concerns its job
 * alone: a failed one writes no dead letter and sets no key aside, since the live outcome stands. What follows it is what
 * `onDeadLetter` says of live events: unless that is `skip`, later events of its key are not sent (I34).
 */
import { assert } from "../../errors.ts";
import type { StepContext } from "../context.ts";
import type { Delivery, GivenUp, NewRecord } from "../lanes/delivery.ts";
import { createDelivery } from "../lanes/delivery.ts";
import { enlist } from "../lanes/enlist.ts";
import { dequeue, enqueue, laneIn, laneNameOf, removeLane, type Lane } from "../lanes/lane.ts";
import type { PartitionState } from "../lanes/partition.ts";
import { contend } from "./contention.ts";
import type { Replay, ReplayedEnd } from "./replay.ts";

/** Lanes of one replay in which an event may fail, and characters of their names; one more ends it. */
export const FAILED_LANES_MAX = 100;
export const FAILED_NAMES_MAX = 32_768;

/** Takes a record of the range in. */
export function takeReplayed<P>(
  context: StepContext<P>,
  replay: Replay<P>,
  record: NewRecord<P>,
): void {
  const { tracker } = replay;
  if (record.offset < tracker.nextOffset) return;
  // An earlier owner, or an earlier reading, has counted it.
  const isDone = tracker.wasDone(record.offset);
  const sequence = tracker.track(record.offset, isDone || record.kind === "filtered");
  if (isDone) return;
  if (record.kind === "filtered") return count(context, replay, FILTERED);
  replay.unsettledBytes += record.bytes;
  const name = laneNameOf(context.state.config.order, record.key);
  const lane = laneIn(replay, replay.partition, name);
  lane.replay = replay;
  enqueue(lane, createDelivery(lane, record, sequence));
  if (lane.state === "idle") offerReplayed(context, lane, replay);
}

/** Brings a lane's new head on its way, and ends those that make no call. */
export function offerReplayed<P>(context: StepContext<P>, lane: Lane<P>, replay: Replay<P>): void {
  for (let { head } = lane; head !== null; { head } = lane) {
    lane.state = "ready";
    // Dropped once nothing of it is in flight.
    if (replay.stage !== "running") return;
    const end = endWithoutCall(lane, replay, head);
    if (end === null) return queue(context, lane);
    conclude(context, head, end);
  }
  lane.state = "idle";
  removeLane(replay, lane);
}

/** The head of a replay's lane has ended; the next one is on its way after. */
export function settleReplayed<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  end: ReplayedEnd,
): void {
  const { lane } = delivery;
  conclude(context, delivery, end);
  if (lane.replay !== null) offerReplayed(context, lane, lane.replay);
}

/** The head of a replay's lane is given up. */
export function failReplayed<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  why: GivenUp,
): void {
  delivery.givenUp = why;
  settleReplayed(context, delivery, { kind: "failed", why });
}

const FILTERED: ReplayedEnd = { kind: "skipped", reason: "FILTERED" };
const KEY_SET_ASIDE: ReplayedEnd = { kind: "skipped", reason: "KEY_SET_ASIDE" };
const KEY_FAILED: ReplayedEnd = { kind: "skipped", reason: "KEY_FAILED" };

/** Whether a key is set aside until people act; a deferred one comes back by itself, so its events wait. */
export function isKeptAside<P>({ aside }: PartitionState<P>, name: string): boolean {
  const marker = aside.get(name)?.marker;
  return marker !== undefined && marker.kind !== "deferred";
}

function endWithoutCall<P>(
  { name, partition }: Lane<P>,
  { failedLanes, skippedLanes }: Replay<P>,
  { verdict }: Delivery<P>,
): ReplayedEnd | null {
  if (name !== null && isKeptAside(partition, name)) return KEY_SET_ASIDE;
  if (name !== null && skippedLanes.has(name)) return KEY_SET_ASIDE;
  if (name !== null && failedLanes.has(name)) return KEY_FAILED;
  return verdict.kind === "undeliverable" ? { kind: "failed", why: verdict } : null;
}

function queue<P>({ state }: StepContext<P>, lane: Lane<P>): void {
  const { name, partition } = lane;
  if (name !== null && partition.aside.has(name)) contend(lane, name);
  else enlist(state, lane);
}

function conclude<P>(context: StepContext<P>, delivery: Delivery<P>, end: ReplayedEnd): void {
  const { lane, sequence, bytes } = delivery;
  const { replay } = lane;
  assert(lane.head === delivery, "I2: an event settles that is not its lane's head");
  assert(replay !== null && sequence !== null, "I3: an event settles that is not tracked");
  dequeue(lane);
  replay.tracker.settle(sequence);
  replay.unsettledBytes -= bytes;
  count(context, replay, end);
  if (end.kind === "failed") noteFailed(context, lane, replay);
  if (end === KEY_SET_ASIDE && lane.name !== null) {
    replay.skippedLanes.set(lane.name, replay.skipped.KEY_SET_ASIDE ?? 0);
  }
  context.effects.push({ kind: "replayed", delivery, end });
}

/** I35: counts and offsets change in one step, and are written as of one moment. */
function count<P>({ state }: StepContext<P>, replay: Replay<P>, end: ReplayedEnd): void {
  const { skipped, failed } = replay;
  if (end.kind === "sent") replay.sentCount += 1;
  else if (end.kind === "skipped") skipped[end.reason] = (skipped[end.reason] ?? 0) + 1;
  else failed[end.why.reason] = (failed[end.why.reason] ?? 0) + 1;
  state.progress.replays.add(replay);
}

function noteFailed<P>({ state }: StepContext<P>, { name }: Lane<P>, replay: Replay<P>): void {
  if (name === null || state.config.onDeadLetter === "skip") return;
  const { failedLanes } = replay;
  failedLanes.add(name);
  let length = 0;
  for (const one of failedLanes) length += one.length;
  if (failedLanes.size <= FAILED_LANES_MAX && length <= FAILED_NAMES_MAX) return;
  replay.end ??= "too-many-keys-failed";
  replay.stage = "stopping";
}
