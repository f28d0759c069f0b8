/**
 * What a lane owes instead of an attempt: the dead letter of its head, the marker of its key, the parking of what came
 * after, or, for a detour that is over, the release. One write of a lane is open at a time (I2); `write-ends.ts` takes
 * their acknowledgements in.
 */
import type { StepContext } from "../context.ts";
import type { Delivery, GivenUp } from "../lanes/delivery.ts";
import { noteGivenUp } from "../guards/flood-guard.ts";
import type { Lane } from "../lanes/lane.ts";
import type { Aside, Mark, Marker, MarkerKind } from "./marker.ts";
import { isPaused } from "../guards/pause.ts";
import { failReplayed } from "../replay/replay-lanes.ts";

/**
 * Events of a key that are parked in one write, and bytes after which no more are added. What reads parked events back
 * counts on it: until a run is acknowledged, no event of its key is parked behind it (driver/aside/detour-window.ts).
 */
export const PARK_COUNT_MAX = 100;
export const PARK_BYTES_MAX = 262_144;

/** Whether the lane's head is to be written somewhere, not sent. */
export function owesWrite<P>(lane: Lane<P>): boolean {
  if (lane.isDeferring || asideOf(lane) !== undefined) return true;
  return lane.head !== null && reasonToGiveUp(lane.head) !== null;
}

/** Whether the lane stands still: behind a dead letter, or because no more of its key may be parked. */
export function isBlocked<P>({ state }: StepContext<P>, lane: Lane<P>): boolean {
  const aside = asideOf(lane);
  if (aside === undefined) return false;
  const { parkedPerKeyMax } = state.config.bounds;
  return aside.marker.kind === "block" || aside.parkedCount >= parkedPerKeyMax;
}

/** Whether the lane's events wait for the end of its key's detour. */
export function isHeld<P>(lane: Lane<P>): boolean {
  return asideOf(lane)?.detour?.isHolding === true;
}

/** The lane stands still from now on. Its events keep their place in the bounds, so nothing is lost or skipped. */
export function block<P>({ effects }: StepContext<P>, lane: Lane<P>): void {
  lane.state = "blocked";
  if (lane.head !== null) effects.push({ kind: "blocked", delivery: lane.head });
}

/** Begins what lanes owe, up to a pause. Only where attempts may begin too: in a drain nothing begins. */
export function beginWrites<P>(context: StepContext<P>): void {
  const { owing, hold } = context.state;
  while (!isPaused(hold)) {
    const lane = owing.take();
    if (lane === undefined) return;
    beginWrite(context, lane);
  }
}

/** Asks for the dead letter of a lane's head; its event settles when the write is acknowledged (I6). */
export function giveUp<P>(context: StepContext<P>, delivery: Delivery<P>, why: GivenUp): void {
  if (delivery.lane.replay !== null) return failReplayed(context, delivery, why);
  delivery.lane.state = "writing";
  if (delivery.givenUp === null) noteGivenUp(context, delivery);
  delivery.givenUp = why;
  context.state.writingCount += 1;
  const holdsKey = markerKind(context, delivery.lane) !== null;
  context.effects.push({ kind: "dead-letter", delivery, why, holdsKey });
}

/** Asks for the marker of a dead-lettered head's key (I17). Its dead letter is acknowledged. */
export function mark<P>(context: StepContext<P>, delivery: Delivery<P>, kind: MarkerKind): void {
  const { redriveCount } = delivery;
  markHead(context, delivery, { kind, redriveCount, keyCount: nextKeyCount(delivery) });
}

/** Asks for the marker of a key that is deferred from its head on. */
export function markDeferred<P>(context: StepContext<P>, delivery: Delivery<P>): void {
  delivery.lane.isDeferring = true;
  markHead(context, delivery, { kind: "deferred", redriveCount: 0, keyCount: 0 });
}

/** Asks for a marker; it is open until it is told as written or failed. */
export function askForMark<P>({ state, effects }: StepContext<P>, mark: Mark<P>): void {
  state.writingCount += 1;
  effects.push({ kind: "mark", ...mark });
}

function markHead<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  of: Pick<Marker, "kind" | "redriveCount" | "keyCount">,
): void {
  const { lane, epoch, offset, partition } = delivery;
  const earlier = lane.detour?.aside.marker ?? null;
  const name = earlier?.lane ?? lane.name ?? "";
  const firstEpoch = earlier?.firstEpoch ?? epoch;
  const marker: Marker = { ...of, lane: name, epoch, firstEpoch, offset };
  lane.state = "marking";
  askForMark(context, { partition, delivery, marker, earlier });
}

/**
 * What a dead letter makes of its lane; null: the lane goes on. At the bound of keys it blocks, it never goes on. On a
 * detour the later events are parked already, so the key stays in quarantine.
 */
export function markerKind<P>({ state }: StepContext<P>, lane: Lane<P>): MarkerKind | null {
  const { order, onDeadLetter, bounds } = state.config;
  if (onDeadLetter === "skip") return null;
  if (lane.detour !== null) return "quarantine";
  if (lane.name === null) return null;
  const mayQuarantine = order === "key" && lane.partition.aside.size < bounds.quarantinedKeysMax;
  return onDeadLetter === "quarantine" && mayQuarantine ? "quarantine" : "block";
}

/** The key set aside that the lane's events belong to; undefined for a detour's own lane, and for most. */
export function asideOf<P>({ partition, name }: Lane<P>): Aside<P> | undefined {
  return name === null ? undefined : partition.aside.get(name);
}

function beginWrite<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { head, detour } = lane;
  if (head === null) {
    if (detour?.isReleasing === true) release(context, lane);
    return;
  }
  if (lane.isDeferring) return markDeferred(context, head);
  if (isHeld(lane)) {
    lane.state = "held";
    return;
  }
  const aside = asideOf(lane);
  if (aside !== undefined) return park(context, lane, aside);
  const why = reasonToGiveUp(head);
  if (why === null) return;
  const kind = head.isDeadLettered ? markerKind(context, lane) : null;
  if (kind === null) giveUp(context, head, why);
  else mark(context, head, kind);
}

/** Asks for the end of a key's marker: its detour is over. */
function release<P>({ state, effects }: StepContext<P>, lane: Lane<P>): void {
  if (lane.detour === null) return;
  lane.state = "releasing";
  state.writingCount += 1;
  effects.push({ kind: "release", detour: lane.detour });
}

function park<P>(context: StepContext<P>, lane: Lane<P>, aside: Aside<P>): void {
  const { state, effects } = context;
  const countMax = Math.min(
    PARK_COUNT_MAX,
    state.config.bounds.parkedPerKeyMax - aside.parkedCount,
  );
  const deliveries: Delivery<P>[] = [];
  let bytes = 0;
  for (let next = lane.head; next !== null; next = next.next) {
    if (deliveries.length >= countMax || bytes >= PARK_BYTES_MAX) break;
    deliveries.push(next);
    bytes += next.bytes;
  }
  lane.state = "parking";
  state.writingCount += 1;
  effects.push({ kind: "park", marker: aside.marker, deliveries });
}

/**
 * S11: the key stays if any attempt may have been applied; else a redrive appends its count. A key that an earlier redrive
 * kept, and so is behind the count, tells of such an attempt before it.
 */
function nextKeyCount<P>(delivery: Delivery<P>): number {
  const { wasAmbiguous, isInherited, keyCount, redriveCount } = delivery;
  const wasKept = keyCount !== redriveCount;
  return wasAmbiguous || isInherited || wasKept ? keyCount : redriveCount + 1;
}

/** Why a delivery ends without another attempt: given up earlier, or never deliverable. */
function reasonToGiveUp<P>({ givenUp, verdict }: Delivery<P>): GivenUp | null {
  return givenUp ?? (verdict.kind === "undeliverable" ? verdict : null);
}
