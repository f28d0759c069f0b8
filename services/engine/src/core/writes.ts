/**
 * What a lane owes instead of an attempt: the dead letter of its head, the marker of its key, or the parking of what
 * came after. One write of a lane is open at a time (I2); `write-ends.ts` takes their acknowledgements in.
 */
import type { StepContext } from "./context.ts";
import type { Delivery, GivenUp } from "./delivery.ts";
import { noteGivenUp } from "./flood-guard.ts";
import type { Lane } from "./lane.ts";
import type { Aside, MarkerKind } from "./marker.ts";
import { isPaused } from "./pause.ts";

/** Events of a key that are parked in one write, and bytes after which no more are added. */
export const PARK_COUNT_MAX = 100;
export const PARK_BYTES_MAX = 262_144;

/** Whether the lane's head is to be written somewhere, not sent. */
export function owesWrite<P>(lane: Lane<P>): boolean {
  return asideOf(lane) !== undefined || (lane.head !== null && reasonToGiveUp(lane.head) !== null);
}

/** Whether the lane stands still: behind a dead letter, or because no more of its key may be parked. */
export function isBlocked<P>({ state }: StepContext<P>, lane: Lane<P>): boolean {
  const aside = asideOf(lane);
  if (aside === undefined) return false;
  const { parkedPerKeyMax } = state.config.bounds;
  return aside.marker.kind === "block" || aside.parkedCount >= parkedPerKeyMax;
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
  delivery.lane.state = "writing";
  if (delivery.givenUp === null) noteGivenUp(context, delivery);
  delivery.givenUp = why;
  context.state.writingCount += 1;
  context.effects.push({ kind: "dead-letter", delivery, why });
}

/** Asks for the marker of a dead-lettered head's key (I17). Its dead letter is acknowledged. */
export function mark<P>(context: StepContext<P>, delivery: Delivery<P>, kind: MarkerKind): void {
  const { lane, epoch, offset } = delivery;
  lane.state = "marking";
  context.state.writingCount += 1;
  const marker = { kind, lane: lane.name ?? "", epoch, offset };
  context.effects.push({ kind: "mark", delivery, marker });
}

/** What a dead letter makes of its lane; null: the lane goes on. At the bound of keys it blocks, it never goes on. */
export function markerKind<P>({ state }: StepContext<P>, lane: Lane<P>): MarkerKind | null {
  const { order, onDeadLetter, bounds } = state.config;
  if (lane.name === null || onDeadLetter === "skip") return null;
  const mayQuarantine = order === "key" && lane.partition.aside.size < bounds.quarantinedKeysMax;
  return onDeadLetter === "quarantine" && mayQuarantine ? "quarantine" : "block";
}

function beginWrite<P>(context: StepContext<P>, lane: Lane<P>): void {
  const { head } = lane;
  if (head === null) return;
  const aside = asideOf(lane);
  if (aside !== undefined) return park(context, lane, aside);
  const why = reasonToGiveUp(head);
  if (why === null) return;
  const kind = head.isDeadLettered ? markerKind(context, lane) : null;
  if (kind === null) giveUp(context, head, why);
  else mark(context, head, kind);
}

function park<P>(context: StepContext<P>, lane: Lane<P>, aside: Aside): void {
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

function asideOf<P>({ partition, name }: Lane<P>): Aside | undefined {
  return name === null ? undefined : partition.aside.get(name);
}

/** Why a delivery ends without another attempt: given up earlier, or never deliverable. */
function reasonToGiveUp<P>({ givenUp, verdict }: Delivery<P>): GivenUp | null {
  return givenUp ?? (verdict.kind === "undeliverable" ? verdict : null);
}
