import type { EngineState } from "../state.ts";
import type { Lane } from "./lane.ts";

/** Puts a lane whose head is to be sent into the queue of its kind. */
export function enlist<P>(state: EngineState<P>, lane: Lane<P>): void {
  lane.state = "ready";
  lane.isToBeDeferred = false;
  const isRetry = lane.head !== null && lane.head.chargedCount > 0;
  const { ready, retries } = lane.replay === null ? state : state.replays;
  (isRetry ? retries : ready).push(lane);
}
