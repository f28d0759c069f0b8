/**
 * Slow keys out of the way: near a bound of its partition, the key that holds the commit back, or fills the memory, is
 * deferred. Its events go to the parked topic, so that commits move, and it goes on from there by itself.
 *
 * Never deferred: a key that has not had its turn, a key while the whole target waits (it is not the key that is slow),
 * events without a key. At most one key of a partition at a time, `DEFERRAL_INTERVAL_MS` apart.
 */
import type { StepContext } from "../context.ts";
import { DEFER_AT, pressureOf } from "../offsets/bounds.ts";
import { unhold } from "./detour.ts";
import { mayBegin } from "../lanes/may-begin.ts";
import type { Lane } from "../lanes/lane.ts";
import type { PartitionState } from "../lanes/partition.ts";
import { asideOf, markDeferred } from "./writes.ts";
import { dropContended } from "../replay/contention.ts";

/** Between two looks at a partition that is nearly full, ms. */
export const DEFERRAL_INTERVAL_MS = 25;
/** A key fills the memory if it has so many times the events of the average key, and at least so many. */
export const CROWD_RATIO = 4;
export const CROWD_MIN = 16;

/** Looks at the partitions that came near a bound. */
export function deferSlowKeys<P>(context: StepContext<P>): void {
  const { state, now } = context;
  if (state.pressed.size === 0 || !mayBegin(state)) return;
  for (const partition of state.pressed) {
    if (now < partition.deferNotBefore) continue;
    partition.deferNotBefore = now + DEFERRAL_INTERVAL_MS;
    const { settled, unsettled } = pressureOf(context, partition);
    if (Math.max(settled, unsettled) < DEFER_AT) state.pressed.delete(partition);
    else relieve(context, partition);
  }
}

/**
 * Defers a key that was to be once its attempt has ended: from the event that failed, or from the next one where the
 * key still fills the bound. False where it may not be now.
 */
export function deferNow<P>(context: StepContext<P>, lane: Lane<P>): boolean {
  const wasToBe = lane.isToBeDeferred;
  lane.isToBeDeferred = false;
  const { head, partition } = lane;
  const { state } = context;
  // Its event was given up meanwhile: what is set aside for that is not deferred.
  if (!wasToBe || head === null || asideOf(lane) !== undefined) return false;
  if (!mayBegin(state) || state.hold.heldSince !== null) return false;
  if (head.attemptCount === 0 && !fillsBound(context, partition, lane)) return false;
  markDeferred(context, head);
  return true;
}

function relieve<P>(context: StepContext<P>, partition: PartitionState<P>): void {
  const { state } = context;
  const { order, bounds } = state.config;
  if (order !== "key" || state.hold.heldSince !== null) return;
  const lane = firstLane(partition);
  if (lane?.name === null || lane?.name === undefined) return;
  const aside = partition.aside.get(lane.name);
  if (aside !== undefined) {
    if (aside.detour !== null) unhold(context, aside.detour);
    return;
  }
  if (partition.aside.size >= bounds.quarantinedKeysMax) return;
  const wasTried = lane.head !== null && lane.head.attemptCount > 0;
  if (wasTried && fillsBound(context, partition, lane)) defer(context, lane);
}

function defer<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { waiting, ready, retries } = context.state;
  const isOther = (queued: Lane<P>): boolean => queued !== lane;
  switch (lane.state) {
    case "in-flight":
      lane.isToBeDeferred = true;
      return;
    case "waiting":
      waiting.keep(isOther);
      break;
    case "ready":
      ready.keep(isOther);
      retries.keep(isOther);
      dropContended(lane.partition, isOther);
      break;
    default:
      return;
  }
  if (lane.head !== null) markDeferred(context, lane.head);
}

/** Whether it is this key that fills the partition's bound. */
function fillsBound<P>(
  context: StepContext<P>,
  partition: PartitionState<P>,
  lane: Lane<P>,
): boolean {
  if (lane.head?.offset !== partition.tracker.committable) return false;
  const { settled, unsettled } = pressureOf(context, partition);
  if (settled >= DEFER_AT) return true;
  const laneCount = partition.lanes.size + partition.looseLanes.size;
  const average = partition.tracker.unsettledCount / laneCount;
  return unsettled >= DEFER_AT && lengthOf(lane) >= Math.max(CROWD_MIN, CROWD_RATIO * average);
}

/** The lane that holds the lowest unsettled offset. */
function firstLane<P>(partition: PartitionState<P>): Lane<P> | undefined {
  const { committable } = partition.tracker;
  for (const lane of partition.lanes.values()) if (lane.head?.offset === committable) return lane;
  return undefined;
}

function lengthOf<P>(lane: Lane<P>): number {
  let length = 0;
  for (let next = lane.head; next !== null; next = next.next) length += 1;
  return length;
}
