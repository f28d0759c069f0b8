/**
 * The way back of a key that is set aside: its dead letter, then its parked events, through a lane of their own, in
 * order, before anything that still comes in. Redrive and deferral are the same detour.
 *
 * - It reads below the *frontier*: the lane's first event that waits here, else the partition's next offset. Everything
 *   of the key below it is settled, so it stands in the parked topic; what stands there beyond it was parked by an
 *   earlier owner, and is read when the live lane has come by.
 * - When it has read all that is parked it *holds* the live lane: later events wait instead of being parked. So the
 *   detour ends however fast they come. Under pressure (deferral.ts) they are parked on.
 * - When all that was read is settled and no park is open, the marker is released; the live lane goes on after that.
 * - What is to be dropped is read like the rest and settles without a call: once the log says that it is dropped, and a
 *   commit covers it (drop-cover.ts).
 *
 * I29: a detour's attempts and the live lane's never overlap. I30: no marker is released while anything of its lane is
 * parked and not settled for good. I40: nothing that is to be dropped is sent, by whatever owner.
 */
import type { StepContext } from "../context.ts";
import { createDelivery, type Delivery, type NewRecord } from "../lanes/delivery.ts";
import { offer } from "../lanes/dispatch.ts";
import { asOffset, type Offset } from "../lanes/identity.ts";
import { createLane, emptyLane, enqueue, type Lane } from "../lanes/lane.ts";
import { isSettledBy, type Aside } from "./marker.ts";
import type { PartitionState } from "../lanes/partition.ts";
import { coverOf, isCoveredBy, type DropCover } from "./drop-cover.ts";
import type { DropNote } from "./progress.ts";
import type { EngineState, SentCommit } from "../state.ts";
import { isBlocked } from "./writes.ts";
import { freeKey } from "../replay/contention.ts";

/** Detours that have events in memory, of a target; others take turns with them. */
export const DETOURS_MAX = 100;
/** Events that a detour reads at once. */
export const DETOUR_COUNT_MAX = 100;

/** A key's way back. */
export interface Detour<Payload> {
  readonly aside: Aside<Payload>;
  /** What was read and is not settled. */
  readonly lane: Lane<Payload>;
  /** Something may be parked that has not been read. */
  mustRead: boolean;
  /** What of it a commit covers or is to cover; null where nothing is dropped, or the next reading is not asked for. */
  cover: DropCover | null;
  /** The lowest parked event beyond the frontier of the last reading. */
  ahead: Offset | null;
  /** One above the last event that was read, and where to look from behind it: known to hold once all are settled. */
  readTo: Offset;
  cursorTo: Offset | null;
  /** Waits for its turn to read. */
  isQueued: boolean;
  isReading: boolean;
  /** Reads, or has events in memory. */
  hasSeat: boolean;
  /** The live lane's events wait and are not parked. */
  isHolding: boolean;
  isReleasing: boolean;
}

/** What to read of the parked topic, or of the dead-letter topic first. */
export interface DetourReading<Payload> {
  readonly detour: Detour<Payload>;
  /** Offsets of the source partition: from here on, and below there. */
  readonly from: Offset;
  readonly below: Offset;
  readonly countMax: number;
}

/** What a reading found. */
export interface DetourFound<Payload> {
  readonly detour: Detour<Payload>;
  /** Ascending, each once; nothing of the lane from `from` on is left out before the last of them. */
  readonly records: readonly NewRecord<Payload>[];
  /** Where to look from next time. */
  readonly cursor: Offset | null;
  /** Nothing below `below` is left to be read. */
  readonly isEnd: boolean;
  /** The lowest one that is parked at or beyond `below`. */
  readonly ahead: Offset | null;
}

/** Begins the way back of a key; nothing happens where it is on it. */
export function startDetour<P>(context: StepContext<P>, aside: Aside<P>): void {
  if (aside.detour !== null) return;
  const { partition } = aside;
  const lane = createLane(partition, null);
  const detour: Detour<P> = {
    aside,
    lane,
    mustRead: true,
    cover: null,
    ahead: null,
    readTo: aside.next,
    cursorTo: aside.cursor,
    isQueued: false,
    isReading: false,
    hasSeat: false,
    isHolding: false,
    isReleasing: false,
  };
  lane.detour = detour;
  aside.detour = detour;
  partition.detours.add(detour);
  if (mustNoteDrop(aside)) context.state.progress.dirty.add(aside);
  advance(context, detour);
}

/** Does the next thing of a detour whose events are all settled: reads on, waits, or lets go. */
export function advance<P>(context: StepContext<P>, detour: Detour<P>): void {
  const { state } = context;
  const { lane, ahead, aside } = detour;
  const isBusy = lane.head !== null || detour.isReading || detour.isQueued || detour.isReleasing;
  if (isBusy || mustNoteDrop(aside)) return;
  leaveSeat(state, detour);
  if (detour.mustRead || (ahead !== null && ahead < frontier(aside))) {
    if (!isCovered(state, detour)) return;
    detour.isQueued = true;
    return state.detours.push(detour);
  }
  if (ahead !== null || liveLane(aside)?.state === "parking" || aside.isMarking) return;
  detour.isHolding = true;
  detour.isReleasing = true;
  lane.state = "owing";
  state.owing.push(lane);
}

/** It stands in the log what these drop: their detours go on. */
export function noteDrops<P>(context: StepContext<P>, notes: readonly DropNote<P>[]): void {
  for (const { aside, marker } of notes) {
    if (!aside.partition.isOwned || aside.marker !== marker || aside.detour === null) continue;
    aside.isDropNoted = true;
    advance(context, aside.detour);
  }
}

/** A commit of these partitions stands: detours go on that waited for it. */
export function noteCover<P>(
  context: StepContext<P>,
  { id, partitions }: Pick<SentCommit<P>, "id" | "partitions">,
): void {
  for (const { detours } of partitions) {
    for (const detour of detours) {
      const { cover } = detour;
      const { partition } = detour.aside;
      if (cover === null || cover.by === null || !isCoveredBy(cover, { id, partition })) continue;
      cover.by = null;
      advance(context, detour);
    }
  }
}

/** Goes on with detours that waited for the live lane to come by what is parked ahead. */
export function advanceWaiting<P>(context: StepContext<P>, { detours }: PartitionState<P>): void {
  for (const detour of detours) if (detour.ahead !== null) advance(context, detour);
}

/** Begins readings while there are seats. */
export function beginReadings<P>(context: StepContext<P>): void {
  const { state, effects } = context;
  while (state.seatCount < DETOURS_MAX) {
    const detour = state.detours.take();
    if (detour === undefined) return;
    detour.isQueued = false;
    detour.isReading = true;
    detour.mustRead = false;
    detour.hasSeat = true;
    state.seatCount += 1;
    const { aside, cover } = detour;
    const below = cover?.below ?? frontier(aside);
    detour.cover = null;
    effects.push({
      kind: "read-detour",
      detour,
      from: aside.next,
      below,
      countMax: DETOUR_COUNT_MAX,
    });
  }
}

/** Takes what a reading found. */
export function takeDetour<P>(context: StepContext<P>, found: DetourFound<P>): void {
  const { detour, records, cursor, isEnd, ahead } = found;
  const { aside, lane } = detour;
  detour.isReading = false;
  if (aside.detour !== detour || !aside.partition.isOwned) return;
  detour.cursorTo = cursor ?? aside.cursor;
  detour.ahead = ahead;
  if (!isEnd) detour.mustRead = true;
  for (const record of records) takeRecord(context, detour, record);
  hold(context, detour, isEnd && ahead === null && !detour.mustRead);
  if (lane.head === null) {
    noteNext(context, aside, detour);
    return advance(context, detour);
  }
  resumeHead(context, detour, lane.head);
}

/** A reading failed; it is made again. */
export function failReading<P>(context: StepContext<P>, detour: Detour<P>): void {
  detour.isReading = false;
  if (detour.aside.detour !== detour || !detour.aside.partition.isOwned) return;
  detour.mustRead = true;
  advance(context, detour);
}

/** An event of the detour is settled for good. */
export function noteDetoured<P>(
  context: StepContext<P>,
  detour: Detour<P>,
  { offset }: Delivery<P>,
): void {
  const { aside, lane } = detour;
  // What the filter left out behind the last one needs no delivery of its own.
  const isRead = lane.head === null;
  const to = { readTo: asOffset(offset + 1), cursorTo: aside.cursor };
  noteNext(context, aside, isRead ? detour : to);
  if (!isSettledBy(aside.marker, offset)) leaveParked(context, aside);
}

/** The key has one parked event less. */
export function leaveParked<P>(context: StepContext<P>, aside: Aside<P>): void {
  aside.parkedCount = Math.max(0, aside.parkedCount - 1);
  const live = liveLane(aside);
  if (live?.state === "blocked" && !isBlocked(context, live)) offer(context, live);
}

/** More of the key is parked: the detour has more to read. */
export function notePark<P>(context: StepContext<P>, aside: Aside<P>): void {
  const { detour, marker } = aside;
  if (detour === null) {
    if (marker.kind === "deferred") startDetour(context, aside);
    return;
  }
  detour.mustRead = true;
  advance(context, detour);
}

/** Has later events of the key parked again instead of waiting. */
export function unhold<P>(context: StepContext<P>, detour: Detour<P>): void {
  if (!detour.isReleasing) hold(context, detour, false);
}

/** Ends a detour that is not over: what it read stays parked. */
export function endDetour<P>(context: StepContext<P>, detour: Detour<P>): void {
  const { aside, lane } = detour;
  emptyLane(lane);
  forgetDetour(context.state, detour);
  const live = liveLane(aside);
  if (live?.state === "held") offer(context, live);
}

/** The marker is gone: the key is like any other. */
export function endRelease<P>(context: StepContext<P>, detour: Detour<P>): void {
  const { aside } = detour;
  const { partition, marker } = aside;
  const live = liveLane(aside);
  forgetDetour(context.state, detour);
  context.state.progress.dirty.delete(aside);
  partition.aside.delete(marker.lane);
  if (live?.state === "held" || live?.state === "blocked") offer(context, live);
  freeKey(context, partition, marker.lane);
}

/** Takes a detour out of all that counts it. */
export function forgetDetour<P>(state: EngineState<P>, detour: Detour<P>): void {
  leaveSeat(state, detour);
  detour.aside.detour = null;
  detour.aside.partition.detours.delete(detour);
  if (detour.isQueued) state.detours.keep((queued) => queued !== detour);
}

function leaveSeat<P>(state: EngineState<P>, detour: Detour<P>): void {
  if (detour.hasSeat) state.seatCount -= 1;
  detour.hasSeat = false;
}

function takeRecord<P>(context: StepContext<P>, detour: Detour<P>, record: NewRecord<P>): void {
  const { effects } = context;
  const { aside, lane } = detour;
  const { partition, marker } = aside;
  const to = asOffset(record.offset + 1);
  detour.readTo = to;
  if (record.kind === "filtered") {
    effects.push({ kind: "skipped", partition, from: record.offset, to });
    return;
  }
  const delivery = createDelivery(lane, record, null);
  if (aside.dropBelow !== null && record.offset < aside.dropBelow) {
    effects.push({ kind: "settled", delivery, outcome: "skipped" });
    if (!isSettledBy(marker, record.offset)) leaveParked(context, aside);
    return;
  }
  delivery.isInherited = record.offset < partition.inheritedBelow;
  if (record.offset === marker.offset && marker.kind === "quarantine") {
    delivery.redriveCount = marker.redriveCount + 1;
    delivery.keyCount = marker.keyCount;
  }
  enqueue(lane, delivery);
}

/** Brings the first event on its way; a deferred one goes on where it was. */
function resumeHead<P>(
  context: StepContext<P>,
  { aside, lane }: Detour<P>,
  head: Delivery<P>,
): void {
  const { deferred } = aside;
  aside.deferred = null;
  if (deferred?.offset !== head.offset) return offer(context, lane);
  carryOn(head, deferred);
  const { dueAt } = deferred.lane;
  if (dueAt <= context.now) return offer(context, lane);
  lane.state = "waiting";
  lane.dueAt = dueAt;
  context.state.waiting.push(lane);
}

function carryOn<P>(head: Delivery<P>, before: Delivery<P>): void {
  head.attemptCount = before.attemptCount;
  head.chargedCount = before.chargedCount;
  head.wasAmbiguous = before.wasAmbiguous;
  head.isInherited = before.isInherited;
  head.startedAt = before.startedAt;
  head.lastStartedAt = before.lastStartedAt;
  head.lastDurationMs = before.lastDurationMs;
  head.lastResult = before.lastResult;
  head.earlierAttempts = before.earlierAttempts;
  head.firstChargedAt = before.firstChargedAt;
  head.firstFailedAt = before.firstFailedAt;
  head.lastFailedAt = before.lastFailedAt;
  head.lastFailure = before.lastFailure;
}

function hold<P>(context: StepContext<P>, detour: Detour<P>, isHolding: boolean): void {
  if (detour.isHolding === isHolding) return;
  detour.isHolding = isHolding;
  const live = liveLane(detour.aside);
  if (!isHolding && live?.state === "held") offer(context, live);
}

function noteNext<P>(
  { state }: StepContext<P>,
  aside: Aside<P>,
  { readTo, cursorTo }: Pick<Detour<P>, "readTo" | "cursorTo">,
): void {
  aside.cursor = cursorTo;
  if (readTo <= aside.next) return;
  aside.next = readTo;
  state.progress.dirty.add(aside);
}

/** Whether a commit covers what is read next, as far as any of it may be dropped. */
function isCovered<P>(state: EngineState<P>, detour: Detour<P>): boolean {
  const { aside } = detour;
  const { partition, dropBelow, next } = aside;
  if (dropBelow === null || next >= dropBelow) return true;
  detour.cover ??= coverOf(state, { partition, below: frontier(aside) });
  return detour.cover.by === null;
}

/** Whether its detour has to wait until the log says what it drops. */
function mustNoteDrop<P>({ dropBelow, isDropNoted }: Aside<P>): boolean {
  return dropBelow !== null && !isDropNoted;
}

function frontier<P>(aside: Aside<P>): Offset {
  return liveLane(aside)?.head?.offset ?? aside.partition.tracker.nextOffset;
}

function liveLane<P>({ partition, marker }: Aside<P>): Lane<P> | undefined {
  return partition.lanes.get(marker.lane);
}
