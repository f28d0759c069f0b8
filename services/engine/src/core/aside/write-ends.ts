/**
 * Acknowledgements of what is written before an event settles. I6: the dead letter stands in the log before its event
 * settles. I17: so does the marker of its key. I18: an event is parked before it settles as parked. What comes after
 * an epoch's end changes nothing (I4); what failed is owed again, at once as the driver paces it, or after a drain.
 */
import { assert } from "../../errors.ts";
import { boundIntake } from "../offsets/bounds.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";
import {
  advance,
  endDetour,
  endRelease,
  leaveParked,
  notePark,
  startDetour,
  type Detour,
} from "./detour.ts";
import { offer } from "../lanes/dispatch.ts";
import type { LaneState } from "../lanes/lane.ts";
import { createAside, isSettledBy, type Aside, type Mark, type Park } from "./marker.ts";
import { redriveAside } from "./redrive.ts";
import { conclude, settle } from "../lanes/settlement.ts";
import { block, mark, markerKind } from "./writes.ts";
import { freeKey } from "../replay/contention.ts";

/** Dead letters are in the log: their lanes go on, or are marked first. */
export function endDeadLetters<P>(
  context: StepContext<P>,
  deliveries: readonly Delivery<P>[],
): void {
  for (const delivery of deliveries) {
    if (!isToldOf(context, delivery, "writing")) continue;
    delivery.isDeadLettered = true;
    const kind = markerKind(context, delivery.lane);
    if (kind === null) settle(context, delivery, "dead-lettered");
    else mark(context, delivery, kind);
  }
}

/** Markers are in the log: from here on their keys are set aside, whoever owns them. */
export function endMarks<P>(context: StepContext<P>, marks: readonly Mark<P>[]): void {
  for (const mark of marks) {
    if (!isMarkCurrent(context, mark)) continue;
    if (mark.delivery === null) endConversion(context, mark);
    else if (mark.delivery.lane.detour !== null) endDetourMark(context, mark, mark.delivery);
    else endLaneMark(context, mark, mark.delivery);
  }
}

/** Markers could not be written. */
export function failMarks<P>(context: StepContext<P>, marks: readonly Mark<P>[]): void {
  for (const mark of marks) {
    const { delivery, partition, marker } = mark;
    if (delivery !== null) {
      failWrites(context, [delivery]);
      continue;
    }
    context.state.writingCount -= 1;
    const aside = partition.aside.get(marker.lane);
    if (aside !== undefined) aside.isMarking = false;
    if (aside !== undefined && partition.isOwned) redriveAside(context, aside);
  }
}

/** Runs are in the parked topic. */
export function endParks<P>(context: StepContext<P>, parks: readonly Park<P>[]): void {
  for (const { marker, deliveries } of parks) {
    const [head] = deliveries;
    if (head === undefined || !isToldOf(context, head, "parking")) continue;
    const { lane, partition } = head;
    const aside = partition.aside.get(marker.lane);
    if (aside !== undefined) aside.parkedCount += countAhead(deliveries, aside);
    for (const delivery of deliveries) conclude(context, delivery, "parked");
    offer(context, lane);
    if (aside !== undefined) notePark(context, aside);
    boundIntake(context, partition);
  }
}

/** Of a run, what its key's way back has not passed yet: commits may lag behind it, and what it has passed it never takes out. */
function countAhead<P>(deliveries: readonly Delivery<P>[], { next }: Aside<P>): number {
  let count = 0;
  for (const { offset } of deliveries) if (offset >= next) count += 1;
  return count;
}

/** Runs could not be parked, or not all of them. */
export function failParks<P>(context: StepContext<P>, parks: readonly Park<P>[]): void {
  for (const { marker, deliveries } of parks) {
    const [head] = deliveries;
    if (head === undefined) continue;
    failWrites(context, [head]);
    // Its detour may have waited for this write, and the lane wait for the detour now.
    const detour = head.partition.aside.get(marker.lane)?.detour ?? null;
    if (detour !== null) advance(context, detour);
  }
}

/** Releases are in the log: their keys are like any other. */
export function endReleases<P>(context: StepContext<P>, detours: readonly Detour<P>[]): void {
  for (const detour of detours) {
    context.state.writingCount -= 1;
    if (detour.aside.partition.isOwned) endRelease(context, detour);
  }
}

/** Releases could not be written. */
export function failReleases<P>(context: StepContext<P>, detours: readonly Detour<P>[]): void {
  for (const { aside, lane } of detours) {
    context.state.writingCount -= 1;
    if (!aside.partition.isOwned) continue;
    lane.state = "owing";
    context.state.owing.push(lane);
  }
}

/** Writes of these lanes' heads failed. */
export function failWrites<P>(
  context: StepContext<P>,
  heads: readonly (Delivery<P> | undefined)[],
): void {
  for (const head of heads) {
    if (head === undefined) continue;
    context.state.writingCount -= 1;
    if (head.partition.isOwned) offer(context, head.lane);
  }
}

function isMarkCurrent<P>(context: StepContext<P>, { delivery, partition }: Mark<P>): boolean {
  if (delivery !== null) return isToldOf(context, delivery, "marking");
  context.state.writingCount -= 1;
  return partition.isOwned;
}

/** A key is set aside: behind its dead letter, or from its slow head on. */
function endLaneMark<P>(
  context: StepContext<P>,
  { partition, marker }: Mark<P>,
  delivery: Delivery<P>,
): void {
  const aside = createAside(partition, {
    ...{ marker, next: marker.offset, cursor: null, dropBelow: null },
  });
  assert(!partition.aside.has(marker.lane), "I20: a key is marked that is set aside");
  partition.aside.set(marker.lane, aside);
  switch (marker.kind) {
    case "quarantine":
      return settle(context, delivery, "dead-lettered");
    case "block":
      return block(context, delivery.lane);
    case "deferred":
      delivery.lane.isDeferring = false;
      aside.deferred = delivery;
      return offer(context, delivery.lane);
  }
}

/** An event of a detour was given up: the key stays in quarantine, for that event now, and its detour is over. */
function endDetourMark<P>(
  context: StepContext<P>,
  { partition, marker }: Mark<P>,
  delivery: Delivery<P>,
): void {
  const { detour } = delivery.lane;
  if (detour === null) return;
  const aside = detour.aside;
  const wasParked = !isSettledBy(aside.marker, delivery.offset);
  context.effects.push({ kind: "settled", delivery, outcome: "dead-lettered" });
  aside.marker = marker;
  aside.next = marker.offset;
  aside.dropBelow = null;
  aside.isDropNoted = false;
  context.state.progress.dirty.delete(aside);
  endDetour(context, detour);
  if (wasParked) leaveParked(context, aside);
  freeKey(context, partition, marker.lane);
  boundIntake(context, partition);
}

/** A blocked key is in quarantine instead: its head settles, what waits behind is parked, and its detour begins. */
function endConversion<P>(context: StepContext<P>, { partition, marker }: Mark<P>): void {
  const aside = partition.aside.get(marker.lane);
  if (aside === undefined) return;
  aside.marker = marker;
  aside.isMarking = false;
  const lane = partition.lanes.get(marker.lane);
  if (lane?.head?.offset === marker.offset) settle(context, lane.head, "dead-lettered");
  startDetour(context, aside);
}

/** Counts a write's end; false when its epoch is over. */
function isToldOf<P>({ state }: StepContext<P>, head: Delivery<P>, open: LaneState): boolean {
  state.writingCount -= 1;
  if (!head.partition.isOwned) return false;
  const isOpen = head.lane.state === open && head.lane.head === head;
  assert(isOpen, "I2: a write ends that was not open, or not of the head");
  return true;
}
