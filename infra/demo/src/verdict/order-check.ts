import { isConfirmed, type ExpectedDelivery, type TargetHistory } from "./target-history.ts";
import type { Problem } from "./verdict.ts";

/**
 * S8 and S9: per lane (topic, partition, key) events first arrive in the order of their offsets, and none arrives
 * before the one ahead of it was answered 2xx. Events without a key have no order.
 */
export function checkOrder({ target, deliveries }: TargetHistory): Problem[] {
  return [...lanesOf(deliveries)].flatMap((lane) => checkLane(target, lane));
}

function lanesOf(deliveries: readonly ExpectedDelivery[]): Iterable<ExpectedDelivery[]> {
  const lanes = new Map<string, ExpectedDelivery[]>();
  for (const delivery of deliveries) {
    const { topic, partition, key } = delivery.event;
    if (key === null || delivery.arrivals.length === 0) continue;
    const name = JSON.stringify([topic, partition, key]);
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, [delivery]);
    else lane.push(delivery);
  }
  return lanes.values();
}

function checkLane(target: string, lane: ExpectedDelivery[]): Problem[] {
  const problems: Problem[] = [];
  lane.sort((a, b) => a.event.offset - b.event.offset);
  for (const [index, later] of lane.entries()) {
    const earlier = lane[index - 1];
    const detail = earlier === undefined ? null : disorder(earlier, later);
    if (detail !== null) problems.push({ check: "order", target, eventId: later.event.id, detail });
  }
  return problems;
}

function disorder(earlier: ExpectedDelivery, later: ExpectedDelivery): string | null {
  const [firstOfEarlier] = earlier.arrivals;
  const [firstOfLater] = later.arrivals;
  if (firstOfEarlier === undefined || firstOfLater === undefined) return null;
  const names = `key ${String(later.event.key)}: offset ${later.event.offset} (${later.event.id})`;
  const before = `offset ${earlier.event.offset} (${earlier.event.id})`;
  if (firstOfLater.seq < firstOfEarlier.seq)
    return `${names} arrived as ${firstOfLater.seq}, ahead of ${before}, arrival ${firstOfEarlier.seq}`;
  const answeredAt = earlier.arrivals.find(isConfirmed)?.ended?.at;
  if (answeredAt === undefined || answeredAt <= firstOfLater.at) return null;
  return `${names} arrived as ${firstOfLater.seq} while ${before} was not yet answered`;
}
