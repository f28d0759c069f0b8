/**
 * Flood guard for dead letters: a few bad events are a matter of their keys, many of many keys are a matter of the
 * target or of its mapping. Then the target is paused, before a whole topic is written off.
 *
 * A dead letter counts when it is given up, not when its write is acknowledged: a chunk of events that cannot be mapped
 * would be gone before the first acknowledgement.
 */
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";
import { pauseTarget } from "./pause.ts";

/** What the guard remembers. */
export interface FloodGuard {
  /** The last ends in a ring: what a dead letter counts by, or null for a delivery. */
  readonly ends: (string | number | null)[];
  next: number;
  deadCount: number;
  /** Dead letters in the ring, by what they count by. */
  readonly deadKeys: Map<string | number, number>;
  /** Numbers events that are a key each. */
  looseCount: number;
}

/** Ends that are looked back on, dead letters among them that pause the target, and keys that they must be of. */
export const FLOOD_ENDS = 100;
export const FLOOD_DEAD_MIN = 50;
export const FLOOD_KEYS_MIN = 20;

/** Nothing has ended. */
export function createFloodGuard(): FloodGuard {
  return {
    ends: Array.from({ length: FLOOD_ENDS }, () => null),
    next: 0,
    deadCount: 0,
    deadKeys: new Map(),
    looseCount: 0,
  };
}

/** A delivery was taken by the target. */
export function noteDelivered<P>({ state: { flood } }: StepContext<P>): void {
  // Without a dead letter the ring is all the same, wherever it stands.
  if (flood.deadCount > 0) replaceOldest(flood, null);
}

/** A delivery is given up, for the first time; one too many pauses the target. */
export function noteGivenUp<P>(context: StepContext<P>, { lane }: Delivery<P>): void {
  const { flood, config } = context.state;
  flood.looseCount += 1;
  const isKeyed = lane.name !== null && config.order === "key";
  const key = isKeyed ? lane.name : flood.looseCount;
  replaceOldest(flood, key);
  flood.deadCount += 1;
  flood.deadKeys.set(key, (flood.deadKeys.get(key) ?? 0) + 1);
  if (flood.deadCount < FLOOD_DEAD_MIN || flood.deadKeys.size < FLOOD_KEYS_MIN) return;
  clear(flood);
  pauseTarget(context, "guard", "DEAD_LETTER_FLOOD");
}

function replaceOldest(flood: FloodGuard, end: string | number | null): void {
  const oldest = flood.ends[flood.next] ?? null;
  flood.ends[flood.next] = end;
  flood.next = (flood.next + 1) % FLOOD_ENDS;
  if (oldest === null) return;
  flood.deadCount -= 1;
  const left = (flood.deadKeys.get(oldest) ?? 1) - 1;
  if (left > 0) flood.deadKeys.set(oldest, left);
  else flood.deadKeys.delete(oldest);
}

/** Whoever resumes the target wants to see what it does then, not what it did before. */
function clear(flood: FloodGuard): void {
  flood.ends.fill(null);
  flood.deadCount = 0;
  flood.deadKeys.clear();
}
