/**
 * Slow keys out of the way: near a bound of its partition, the key that holds the commit is deferred if it is slow. Its
 * events go to the parked topic, so that commits move and memory is free for others, and it goes on from there by itself. A
 * key is slow when its event has failed, or when a call takes longer than calls usually do; one that crowds out the others,
 * already when its calls are not quick: what is parked costs little at that pace. A quick key holds the commit too,
 * now and then, or always where it is alone, and is better left where it is. So is one whose call is long because the
 * target, or this process, stood still for a moment: with half of the slots taken, calls come and go beside one that is slow.
 *
 * Never deferred: a key that has not had its turn, a key while the whole target waits (it is not the key that is slow),
 * events without a key. At most one key of a partition at a time, `DEFERRAL_INTERVAL_MS` apart.
 */
import type { StepContext } from "../context.ts";
import { slowCallMs } from "../guards/concurrency-limit.ts";
import { DEFER_AT, loadOf } from "../offsets/bounds.ts";
import { unhold } from "./detour.ts";
import { mayBegin } from "../lanes/may-begin.ts";
import type { Delivery } from "../lanes/delivery.ts";
import type { Lane } from "../lanes/lane.ts";
import type { PartitionState } from "../lanes/partition.ts";
import type { EngineState } from "../state.ts";
import { asideOf, markDeferred } from "./writes.ts";
import { dropContended } from "../replay/contention.ts";

/** Between two looks at a partition that is nearly full, ms. */
export const DEFERRAL_INTERVAL_MS = 25;
/**
 * A call that takes so long, ms, is slow where its key crowds out the others: it has half of the events in memory, or of what
 * is behind it so many are settled for each that is not.
 */
export const LONG_CALL_MS = 25;
export const PASSED_RATIO = 4;
/**
 * While half of the slots or more are taken, a long call is slow once so many have ended beside it for each that is open; or
 * after so long, ms, since no stall lasts longer. One whose key has half of the events in memory is slow at once.
 */
export const OVERTAKEN_TIMES = 2;
export const STALL_MS = 500;

/** When partitions near a bound are looked at for slow keys; in monotonic ms. */
export interface Deferral<Payload> {
  notBefore: number;
  /** Although nothing comes. */
  lookAt: number;
  /** Lanes that held a commit at the last look, and had not had their turn: they may have had it since. */
  readonly untried: Lane<Payload>[];
}

/** No look was made. */
export function createDeferral<P>(): Deferral<P> {
  return { notBefore: 0, lookAt: Infinity, untried: [] };
}

/** Looks at the partitions that came near a bound. */
export function deferSlowKeys<P>(context: StepContext<P>): void {
  const { state, now } = context;
  const { pressed, deferral } = state;
  if (!mayDefer(state)) return;
  if (now < deferral.notBefore) {
    // Who stands at a bound waits for no more to come; elsewhere more comes, or nobody waits.
    const isAnyPaused = [...pressed].some(({ isFetchPaused }) => isFetchPaused);
    if (isAnyPaused) deferral.lookAt = deferral.notBefore;
    return;
  }
  deferral.notBefore = now + DEFERRAL_INTERVAL_MS;
  deferral.lookAt = Infinity;
  deferral.untried.length = 0;
  for (const partition of pressed) {
    if (loadOf(context, partition) < DEFER_AT) pressed.delete(partition);
    else deferral.lookAt = Math.min(deferral.lookAt, relieve(context, partition));
  }
}

/** When partitions near a bound are to be looked at although nothing comes. */
export function nextLookAt<P>({ state, now }: StepContext<P>): number {
  if (!mayDefer(state)) return Infinity;
  const { lookAt, notBefore, untried } = state.deferral;
  const wasTried = untried.some(({ head }) => head !== null && head.attemptCount > 0);
  return Math.max(wasTried ? notBefore : lookAt, notBefore, now + 1);
}

function mayDefer<P>(state: EngineState<P>): boolean {
  const { pressed, hold, config } = state;
  return pressed.size > 0 && config.order === "key" && hold.heldSince === null && mayBegin(state);
}

/**
 * Defers a key that was to be once its attempt has ended: from the event that failed, or from the next one where its
 * partition is still near a bound. False where it may not be now.
 */
export function deferNow<P>(context: StepContext<P>, lane: Lane<P>): boolean {
  const wasToBe = lane.isToBeDeferred;
  lane.isToBeDeferred = false;
  const { head, partition } = lane;
  const { state } = context;
  // Its event was given up meanwhile: what is set aside for that is not deferred.
  if (!wasToBe || head === null || asideOf(lane) !== undefined) return false;
  if (!mayBegin(state) || state.hold.heldSince !== null) return false;
  if (head.attemptCount === 0 && loadOf(context, partition) < DEFER_AT) return false;
  markDeferred(context, head);
  return true;
}

/** Defers the key that holds the commit, if it is slow; gives when to look again although nothing comes. */
function relieve<P>(context: StepContext<P>, partition: PartitionState<P>): number {
  const { config, deferral } = context.state;
  const lane = firstLane(partition);
  if (lane?.name === undefined || lane.name === null) return Infinity;
  const aside = partition.aside.get(lane.name);
  if (aside !== undefined) {
    if (aside.detour !== null) unhold(context, aside.detour);
    return Infinity;
  }
  if (partition.aside.size >= config.bounds.quarantinedKeysMax) return Infinity;
  if (lane.head?.attemptCount === 0) deferral.untried.push(lane);
  const at = slowAt(context, lane);
  if (at > context.now) return at;
  defer(context, lane);
  return Infinity;
}

/** From when on a lane is slow, if nothing comes. */
function slowAt<P>(context: StepContext<P>, lane: Lane<P>): number {
  const { head, partition } = lane;
  if (head === null || head.attemptCount === 0 || lane.isToBeDeferred) return Infinity;
  const hasFailed = lane.state === "waiting" || head.chargedCount > 0;
  if (hasFailed) return context.now;
  if (lane.state !== "in-flight") return Infinity;
  const slowMs = slowCallMs(context.state.limit);
  const { unsettledCount, settledAbove } = partition.tracker;
  const isPassed = settledAbove >= PASSED_RATIO * unsettledCount;
  const isCrowding = 2 * lengthOf(lane) >= unsettledCount;
  const longMs = isPassed || isCrowding ? Math.min(LONG_CALL_MS, slowMs) : slowMs;
  const at = head.startedAt + longMs;
  const mayStall = at <= context.now && !isCrowding && mayBeStall(context, head);
  return mayStall ? Math.max(at, head.startedAt + STALL_MS) : at;
}

/** Whether calls are long because nothing goes on: half of the slots are taken, and this call was not overtaken often. */
function mayBeStall<P>(context: StepContext<P>, { endedBefore }: Delivery<P>): boolean {
  const { inFlightBefore, state } = context;
  if (2 * inFlightBefore < state.slotCount) return false;
  return state.endedCount - endedBefore < OVERTAKEN_TIMES * inFlightBefore;
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

/** The lane that holds the lowest unsettled offset. */
function firstLane<P>(partition: PartitionState<P>): Lane<P> | null {
  const { committable } = partition.tracker;
  for (const lane of partition.lanes.values()) if (lane.head?.offset === committable) return lane;
  return null;
}

function lengthOf<P>(lane: Lane<P>): number {
  let length = 0;
  for (let next = lane.head; next !== null; next = next.next) length += 1;
  return length;
}
