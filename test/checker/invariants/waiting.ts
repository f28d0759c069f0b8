/** Events that wait for their first attempt, as their owner's later calls tell. */
import { laneOf, wasLaneSetAside } from "../ledger/lanes.ts";
import { type Attempt, type Channel, type Delivery, NONE } from "../ledger/rows.ts";

/**
 * How long a first attempt must have been possible before it counts as waiting, ms: what is in the log need not have
 * been fetched yet.
 */
export const WAITING_MS = 1_000;

/**
 * A live delivery of the same owner that waited for its first attempt since long before the first of these calls was sent, and
 * had it behind the last: its event was in the log, below one that the owner had already sent, and at the head of its lane.
 */
export function findWaiting(
  first: Attempt,
  last: Attempt,
  isMeant: (delivery: Delivery) => boolean = () => true,
): Delivery | null {
  for (const channel of first.delivery.channel.target.channels) {
    const waiting = findWaitingIn(channel, { first, last, isMeant });
    if (waiting !== null) return waiting;
  }
  return null;
}

interface Search {
  readonly first: Attempt;
  readonly last: Attempt;
  readonly isMeant: (delivery: Delivery) => boolean;
}

function findWaitingIn({ attempts }: Channel, { first, last, isMeant }: Search): Delivery | null {
  const since = first.sendAt - WAITING_MS;
  let sinceOrder = NONE;
  let highest = NONE;
  let epoch = NONE;
  for (const one of attempts) {
    if (one.process !== first.process) continue;
    const { offset } = one.delivery;
    // What an earlier epoch of the same process had fetched is fetched again.
    if (one.epoch !== epoch) highest = NONE;
    epoch = one.epoch;
    if (one.sendAt <= since) {
      sinceOrder = one.sendOrder;
      // What comes from the parked topic or a replay says nothing of how far the live records have come.
      const isLive = one.job === NONE && !wasParked(one.delivery);
      if (isLive) highest = Math.max(highest, offset);
      continue;
    }
    if (one.sendOrder <= last.sendOrder || one.number !== 1 || one.job !== NONE) continue;
    const isOld = offset < highest && one.delivery.record.at < since;
    if (isOld && isHead(one, sinceOrder) && isMeant(one.delivery)) return one.delivery;
  }
  return null;
}

/**
 * Whether nothing of its lane was in its way. A key that was set aside comes back by way of the parked topic, in its
 * time. Where the one before it was dead-lettered, the owner's word counts: the broker has a dead letter before its
 * writer hears of it.
 */
function isHead(attempt: Attempt, before: number): boolean {
  const { gate } = attempt.delivery;
  if (wasLaneSetAside(attempt.delivery) || wasParked(attempt.delivery)) return false;
  if (gate === null) return true;
  if (wasParked(gate) || isLaneBusy(attempt, before)) return false;
  if (gate.firstGivenUp === null) return gate.settledOrder < before;
  for (let one = gate.firstSettle; one !== null; one = one.next) {
    if (one.epoch === attempt.epoch && one.order < before) return true;
  }
  return false;
}

/** Whether the same owner was still at an earlier event of the lane, be it again. */
function isLaneBusy({ delivery, epoch, process }: Attempt, before: number): boolean {
  const lane = laneOf(delivery);
  return delivery.channel.attempts.some((one) => {
    const isOwner = one.epoch === epoch && one.process === process;
    if (!isOwner || one.delivery.offset >= delivery.offset) return false;
    return one.endOrder >= before && laneOf(one.delivery) === lane;
  });
}

/** Whether it came back by way of the parked topic. */
export function wasParked({ firstGivenUp }: Delivery): boolean {
  for (let one = firstGivenUp; one !== null; one = one.next) if (one.kind === "park") return true;
  return false;
}
