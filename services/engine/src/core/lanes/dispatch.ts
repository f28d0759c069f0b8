import { assert } from "../../errors.ts";
import { noteAttemptStart } from "./attempt-log.ts";
import type { StepContext } from "../context.ts";
import { endHold, mayStart, mayStartAt, noteStart } from "../guards/hold.ts";
import { removeLane, type Lane } from "./lane.ts";
import { mayBegin } from "./may-begin.ts";
import { enlist } from "./enlist.ts";
import { allotSlots, isRetryTurn } from "../guards/slots.ts";
import type { EngineState } from "../state.ts";
import { beginWrites, block, isBlocked, isHeld, owesWrite } from "../aside/writes.ts";
import { enterKey, isCalledNow } from "../replay/contention.ts";
import { queuedCount } from "../replay/replay.ts";
import { offerReplayed } from "../replay/replay-lanes.ts";
import { nextInTurn } from "../replay/turns.ts";

/**
 * Brings a lane's new head on its way: to the queue of ready lanes, to what must be written instead of a call, or to
 * rest when there is none.
 */
export function offer<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { state } = context;
  const { head, replay } = lane;
  if (replay !== null) return offerReplayed(context, lane, replay);
  if (head === null) {
    lane.state = "idle";
    return removeLane(lane.partition, lane);
  }
  if (isBlocked(context, lane)) return block(context, lane);
  if (isHeld(lane)) {
    lane.state = "held";
    return;
  }
  if (owesWrite(lane)) {
    lane.state = "owing";
    return state.owing.push(lane);
  }
  enlist(state, lane);
}

/** Puts lanes whose wait is over into their queue. */
export function wakeDueLanes<P>({ state, now }: StepContext<P>): void {
  for (let lane = state.waiting.takeDue(now); lane !== undefined;) {
    enlist(state, lane);
    lane = state.waiting.takeDue(now);
  }
}

/** Begins the writes that lanes owe, and as many attempts as slots, rate and holds allow. */
export function dispatch<P>(context: StepContext<P>): void {
  const { state, now } = context;
  endHold(context);
  allotSlots(state);
  if (!mayBegin(state)) return;
  beginWrites(context);
  while (state.inFlightCount < state.slotCount && mayStart(state.hold, now)) {
    if (!state.bucket.has(now)) return;
    const { size } = state.replays.all;
    const lane = size === 0 ? nextLane(state) : nextInTurn(context, nextLane);
    if (lane === undefined) return;
    begin(context, lane);
  }
}

/** When dispatching could go on by itself: a lane is due, a token comes, a hold ends. */
export function nextDispatchAt<P>({ state, now }: StepContext<P>): number {
  if (!mayBegin(state)) return Infinity;
  const dueAt = state.waiting.nextDueAt;
  const count = state.ready.length + state.retries.length + queuedCount(state.replays);
  if (count === 0 || state.inFlightCount >= state.slotCount) return dueAt;
  return Math.min(dueAt, Math.max(mayStartAt(state.hold), state.bucket.nextAt(now)));
}

/** The next lane to serve. */
function nextLane<P>(state: EngineState<P>): Lane<P> | undefined {
  const { ready, retries } = state;
  const mayRetry = ready.length === 0 || isRetryTurn(state);
  return (retries.length > 0 && mayRetry ? retries : ready).take();
}

/** Starts the attempt of a lane's head. */
function begin<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { state, effects, now } = context;
  const { head } = lane;
  if (head === null) return;
  if (lane.replay !== null) beginReplayed(lane);
  noteStart(state.hold, head);
  lane.state = "in-flight";
  head.attemptCount += 1;
  head.startedAt = now;
  head.endedBefore = state.endedCount;
  noteAttemptStart(head, context.wallNow);
  state.inFlightCount += 1;
  state.wasRetry = head.chargedCount > 0;
  if (state.wasRetry) state.retryInFlightCount += 1;
  state.bucket.take();
  effects.push({ kind: "attempt", delivery: head });
}

/** I32: no key is called twice at once, by live events or replays. */
function beginReplayed<P>(lane: Lane<P>): void {
  assert(!isCalledNow(lane), "I32: a replay calls a key that is being called");
  enterKey(lane);
}
