/** When deliveries were over: what S5, S6, S9, S10, S13 and S19 are judged by. */
import type { Ledger } from "./ledger.ts";
import { laneOf } from "./lanes.ts";
import { type Channel, type Delivery, type GivenUp, NEVER, NONE } from "./rows.ts";

/** Sorts the deliveries of every channel by offset and says of each since when it is over. */
export function settleAll(ledger: Ledger): void {
  const { parties } = ledger;
  for (const { channels } of ledger.targets) {
    for (const channel of channels) {
      sortByOffset(channel.deliveries);
      for (const delivery of channel.deliveries) settle(delivery, parties);
      gateLanes(channel);
    }
  }
}

/**
 * Whether a dead letter or parked event counts: not if it was written by an epoch that another one had followed, since
 * the new owner does not know of it.
 */
export function isInForce(
  { epochs, lateEpochs }: Channel,
  { epoch, order }: { readonly epoch: number; readonly order: number },
): boolean {
  if (lateEpochs.has(epoch)) return false;
  for (let index = epochs.length - 1; index >= 0; index -= 1) {
    const candidate = epochs[index];
    if (candidate !== undefined && candidate.startOrder < order) return candidate.number <= epoch;
  }
  return true;
}

/** When a delivery was first given up in force; NEVER where it was not. */
export function givenUpOrder(delivery: Delivery, kind: GivenUp["kind"] | "any"): number {
  let order = NEVER;
  for (let one = delivery.firstGivenUp; one !== null; one = one.next) {
    const isWanted = kind === "any" || one.kind === kind;
    if (isWanted && one.order < order && isInForce(delivery.channel, one)) order = one.order;
  }
  return order;
}

/** When a target first took it after `since`, by the target's word; NEVER where it did not. */
export function acceptedOrder(delivery: Delivery, since: number): number {
  let order = NEVER;
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    const { answerOrder } = one;
    if (answerOrder > since && answerOrder < order && one.isAccepted) order = answerOrder;
  }
  return order;
}

/** When a sender first knew it delivered after `since`; NEVER where none did. */
export function deliveredOrder(delivery: Delivery, since: number): number {
  let order = NEVER;
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    const { endOrder } = one;
    if (one.outcome === "delivered" && endOrder > since && endOrder < order) order = endOrder;
  }
  return order;
}

function gateLanes({ deliveries, floor }: Channel): void {
  const latest = new Map<number, Delivery>();
  for (const delivery of deliveries) {
    const lane = laneOf(delivery);
    if (lane === NONE || delivery.offset < floor || delivery.expected === "unknown") continue;
    const gate = latest.get(lane);
    delivery.gate = gate ?? null;
    if (gate === undefined || delivery.settledOrder > gate.settledOrder) {
      latest.set(lane, delivery);
    }
  }
}

function settle(delivery: Delivery, parties: Ledger["parties"]): void {
  if (delivery.expected === "filtered") {
    delivery.settledOrder = -1;
    delivery.endedOrder = -1;
    return;
  }
  const givenUp = delivery.firstGivenUp === null ? NEVER : givenUpOrder(delivery, "any");
  const accepted = acceptedOrder(delivery, -1);
  const delivered = deliveredOrder(delivery, -1);
  const ended = parties.has("recv") ? accepted : delivered;
  const settled = parties.has("attempt") ? delivered : accepted;
  delivery.endedOrder = Math.min(givenUp, ended);
  delivery.settledOrder = Math.min(givenUp, settled);
}

function sortByOffset(deliveries: Delivery[]): void {
  for (let index = 1; index < deliveries.length; index += 1) {
    if ((deliveries[index]?.offset ?? 0) >= (deliveries[index - 1]?.offset ?? 0)) continue;
    deliveries.sort((a, b) => a.offset - b.offset);
    return;
  }
}
