/**
 * Whose turn it is while lanes of replays wait: four live attempts, then one of a replay; whoever waits alone has every
 * turn. The share of retries is one for both.
 */
import type { StepContext } from "../context.ts";
import { isRetryTurn } from "../guards/slots.ts";
import type { Fifo } from "../lanes/fifo.ts";
import type { Lane } from "../lanes/lane.ts";
import type { EngineState } from "../state.ts";
import { contend, isCalledNow, isReplayedNow, keyOf } from "./contention.ts";
import { queuedCount } from "./replay.ts";
import { offerReplayed } from "./replay-lanes.ts";
import { LIVE_PER_REPLAY } from "./weight.ts";

/**
 * The next lane to serve, of the live ones or of a replay; undefined when none may be called.
 * @param nextLive takes the next live lane out of its queue.
 */
export function nextInTurn<P>(
  context: StepContext<P>,
  nextLive: (state: EngineState<P>) => Lane<P> | undefined,
): Lane<P> | undefined {
  const { state } = context;
  const { replays } = state;
  for (;;) {
    const before = waitingCount(state);
    const live = (): Lane<P> | undefined => takeLive(context, nextLive);
    const replayed = (): Lane<P> | undefined => takeReplay(context, nextReplayed(state));
    const urgent = takeReplay(context, replays.urgent);
    if (urgent !== undefined) return urgent;
    const isTurn = replays.passedCount >= LIVE_PER_REPLAY;
    const lane = isTurn ? (replayed() ?? live()) : (live() ?? replayed());
    // Who was turned down may have been what the others waited behind.
    if (lane !== undefined || waitingCount(state) === before) return lane;
  }
}

/** Takes lanes until one may be called; undefined when that queue is empty. */
function takeReplay<P>(context: StepContext<P>, queue: Fifo<Lane<P>> | null): Lane<P> | undefined {
  for (let lane = queue?.take(); lane !== undefined; lane = queue?.take()) {
    const { replay, name, partition } = lane;
    if (replay?.stage !== "running") continue;
    if (name !== null && partition.aside.has(name)) offerReplayed(context, lane, replay);
    else if (name !== null && isCalledNow(lane)) contend(lane, name);
    else {
      lane.passedCount = 0;
      context.state.replays.passedCount = 0;
      return lane;
    }
  }
  return undefined;
}

function takeLive<P>(
  { state }: StepContext<P>,
  nextLive: (state: EngineState<P>) => Lane<P> | undefined,
): Lane<P> | undefined {
  for (let lane = nextLive(state); lane !== undefined; lane = nextLive(state)) {
    const key = keyOf(lane);
    if (key === null || !isReplayedNow(lane)) {
      if (queuedCount(state.replays) > 0) state.replays.passedCount += 1;
      return lane;
    }
    contend(lane, key);
  }
  return undefined;
}

/** As for live lanes: retries and first attempts take turns, and retries have half of the slots while others wait. */
function nextReplayed<P>(state: EngineState<P>): Fifo<Lane<P>> | null {
  const { ready, retries } = state.replays;
  const isAlone = ready.length === 0 && state.ready.length === 0;
  if (retries.length > 0 && (isAlone || isRetryTurn(state))) return retries;
  return ready.length > 0 ? ready : null;
}

function waitingCount<P>({ ready, retries, replays }: EngineState<P>): number {
  return ready.length + retries.length + queuedCount(replays);
}
