import type { StepContext } from "./context.ts";
import type { Delivery, GivenUp } from "./delivery.ts";
import type { Lane } from "./lane.ts";
import type { EngineState, Hold } from "./state.ts";

/**
 * Brings a lane's new head on its way: to the queue of ready lanes, to the dead-letter write when no call can be made
 * of it, or to rest when there is none.
 */
export function offer<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { state } = context;
  const { head } = lane;
  if (head === null) {
    lane.state = "idle";
    return rest(lane);
  }
  if (head.verdict.kind === "undeliverable") {
    return giveUp(context, head, head.verdict);
  }
  lane.state = "ready";
  (head.chargedCount > 0 ? state.retries : state.ready).push(lane);
}

/** Asks for the dead letter of a lane's head; its event settles when the write is acknowledged (I6). */
export function giveUp<P>(context: StepContext<P>, delivery: Delivery<P>, why: GivenUp): void {
  delivery.lane.state = "writing";
  delivery.givenUp = why;
  context.state.writingCount += 1;
  context.effects.push({ kind: "dead-letter", delivery, why });
}

/** Puts lanes whose wait is over into the retry queue. */
export function wakeDueLanes<P>({ state, now }: StepContext<P>): void {
  for (let lane = state.waiting.takeDue(now); lane !== undefined;) {
    if (lane.partition.isOwned) {
      lane.state = "ready";
      state.retries.push(lane);
    }
    lane = state.waiting.takeDue(now);
  }
}

/** Starts as many attempts as slots, rate and holds allow. */
export function dispatch<P>(context: StepContext<P>): void {
  const { state, now } = context;
  if (state.membership !== "active") return;
  if (state.hold.kind === "throttled" && state.hold.until <= now) release(context);
  while (state.inFlightCount < state.slotCount && mayStart(state.hold, now)) {
    if (!state.bucket.has(now)) return;
    const lane = nextLane(state);
    if (lane === undefined) return;
    start(context, lane);
  }
}

/** When dispatching could go on by itself: a lane is due, a token comes, a hold ends. */
export function nextDispatchAt<P>({ state, now }: StepContext<P>): number {
  if (state.membership !== "active") return Infinity;
  const dueAt = state.waiting.nextDueAt;
  const queued = state.ready.length + state.retries.length;
  if (queued === 0 || state.inFlightCount >= state.slotCount) return dueAt;
  if (state.hold.kind === "misconfigured" && state.hold.isProbing) return dueAt;
  if (state.hold.kind !== "none") return Math.min(dueAt, Math.max(now, state.hold.until));
  return Math.min(dueAt, state.bucket.nextAt(now));
}

/** Ends a hold of the whole target. */
export function release<P>({ state, effects }: StepContext<P>): void {
  if (state.hold.kind === "none") return;
  state.hold = { kind: "none" };
  effects.push({ kind: "target-released" });
}

/** An empty lane leaves the map, so that memory follows the backlog and not the number of keys ever seen. */
function rest<P>(lane: Lane<P>): void {
  if (lane.name === null) lane.partition.looseLanes.delete(lane);
  else lane.partition.lanes.delete(lane.name);
}

function mayStart(hold: Hold, now: number): boolean {
  switch (hold.kind) {
    case "none":
      return true;
    case "throttled":
      return false;
    case "misconfigured":
      return !hold.isProbing && hold.until <= now;
  }
}

/**
 * The next lane to serve. S18: retries hold at most half of the slots while first attempts wait, and at least one.
 */
function nextLane<P>(state: EngineState<P>): Lane<P> | undefined {
  const retrySlots = Math.max(1, Math.floor(state.slotCount / 2));
  for (;;) {
    const mayRetry = state.ready.length === 0 || state.retryInFlightCount < retrySlots;
    const queue = state.retries.length > 0 && mayRetry ? state.retries : state.ready;
    const lane = queue.take();
    if (lane === undefined || lane.partition.isOwned) return lane;
  }
}

function start<P>({ state, effects }: StepContext<P>, lane: Lane<P>): void {
  const { head } = lane;
  if (head === null) return;
  if (state.hold.kind === "misconfigured") state.hold = { ...state.hold, isProbing: true };
  lane.state = "in-flight";
  head.attemptCount += 1;
  state.inFlightCount += 1;
  if (head.chargedCount > 0) state.retryInFlightCount += 1;
  state.bucket.take();
  effects.push({ kind: "attempt", delivery: head });
}
