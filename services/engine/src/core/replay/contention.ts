/**
 * One call of a key at a time, live or replayed (I32): a lane whose key is being called waits beside the queues until
 * that call has ended. Replayed events of a deferred key wait there too, until its detour is over.
 *
 * A key that is always busy with live events would never let a replay have its turn: its lane goes before all others
 * once `LIVE_PER_REPLAY` live calls of its key have passed it.
 */
import type { StepContext } from "../context.ts";
import { enlist } from "../lanes/enlist.ts";
import type { Lane } from "../lanes/lane.ts";
import type { PartitionState } from "../lanes/partition.ts";
import { LIVE_PER_REPLAY } from "./weight.ts";

/** The key that a lane's calls are of; null: ordered with no other. */
export function keyOf<P>({ name, detour }: Lane<P>): string | null {
  return detour === null ? name : detour.aside.marker.lane;
}

/** Whether a replay calls the key of a live lane. */
export function isReplayedNow<P>(lane: Lane<P>): boolean {
  const { replayedKeys } = lane.partition;
  if (replayedKeys.size === 0) return false;
  const key = keyOf(lane);
  return key !== null && replayedKeys.has(key);
}

/** Whether anyone calls the key of a replay's lane. */
export function isCalledNow<P>({ name, partition }: Lane<P>): boolean {
  if (name === null) return false;
  return partition.replayedKeys.has(name) || partition.lanes.get(name)?.state === "in-flight";
}

/** Has a lane wait for its key. */
export function contend<P>(lane: Lane<P>, key: string): void {
  const { contended } = lane.partition;
  const waiting = contended.get(key);
  if (waiting === undefined) contended.set(key, [lane]);
  else waiting.push(lane);
}

/** Takes lanes out that wait for their keys no more. */
export function dropContended<P>(
  { contended }: PartitionState<P>,
  isKept: (lane: Lane<P>) => boolean,
): void {
  for (const [key, waiting] of contended) {
    const kept = waiting.filter(isKept);
    if (kept.length === 0) contended.delete(key);
    else contended.set(key, kept);
  }
}

/** A replay's call of a key begins. */
export function enterKey<P>({ name, partition, replay }: Lane<P>): void {
  if (replay !== null) replay.inFlightCount += 1;
  if (name !== null) partition.replayedKeys.add(name);
}

/** A call of a lane's key has ended: others may have it. */
export function leaveKey<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { partition, replay, name } = lane;
  if (replay !== null) {
    replay.inFlightCount -= 1;
    if (name !== null) partition.replayedKeys.delete(name);
  }
  if (partition.contended.size === 0) return;
  const key = keyOf(lane);
  if (key !== null) freeKey(context, partition, key);
}

/** Puts lanes that waited for a key back into their queues. */
export function freeKey<P>(
  { state }: StepContext<P>,
  { contended }: PartitionState<P>,
  key: string,
): void {
  const waiting = contended.get(key);
  if (waiting === undefined) return;
  contended.delete(key);
  for (const lane of waiting) {
    if (lane.replay === null) {
      enlist(state, lane);
      continue;
    }
    lane.passedCount += 1;
    const isRetry = lane.head !== null && lane.head.chargedCount > 0;
    if (lane.passedCount < LIVE_PER_REPLAY || isRetry) enlist(state, lane);
    else state.replays.urgent.push(lane);
  }
}
