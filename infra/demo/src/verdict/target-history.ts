import { expectedIdempotencyKey } from "./idempotency-key.ts";
import type { AcknowledgedEvent, ApiRecord, Arrival } from "./records.ts";
import type { Evidence, ExpectedCall, Problem } from "./verdict.ts";

/** The tenant of every event, until there are tenants. */
const TENANT = "default";
/** Statuses below 500 after which an event is sent again. */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429]);

/** An event that must reach a target, with every arrival of it in order. */
export interface ExpectedDelivery {
  readonly event: AcknowledgedEvent;
  readonly call: ExpectedCall;
  readonly arrivals: readonly Arrival[];
}

/** What a target got, sorted by event, and what it got beyond that. */
export interface TargetHistory {
  readonly target: string;
  readonly deliveries: readonly ExpectedDelivery[];
  readonly problems: readonly Problem[];
}

/** An event whose arrivals are being gathered. */
interface OpenDelivery extends ExpectedDelivery {
  readonly arrivals: Arrival[];
}

/**
 * Assigns each arrival to its event by the independently computed idempotency key; what fits none is a problem. An event
 * that was refused whenever it came goes on under the key of its next redrive, and no more under the one before.
 */
export function targetHistory(evidence: Evidence, api: ApiRecord): TargetHistory {
  const { target } = api;
  const deliveryOf = new Map<string, OpenDelivery>();
  const deliveries: OpenDelivery[] = [];
  for (const event of evidence.acknowledged) {
    const call = evidence.expect(target, event);
    if (call === null) continue;
    const delivery: OpenDelivery = { event, call, arrivals: [] };
    deliveryOf.set(expectedIdempotencyKey({ ...event, tenant: TENANT, target }), delivery);
    deliveries.push(delivery);
  }
  const strangers: Arrival[] = [];
  for (const arrival of api.arrivals) {
    const key = arrival.idempotencyKey ?? "";
    const delivery = deliveryOf.get(key);
    if (delivery === undefined) {
      strangers.push(arrival);
      continue;
    }
    const { event, arrivals } = delivery;
    arrivals.push(arrival);
    if (!arrivals.every(isRefused)) continue;
    deliveryOf.delete(key);
    const redriven = { ...event, tenant: TENANT, target, redriveCount: arrivals.length };
    deliveryOf.set(expectedIdempotencyKey(redriven), delivery);
  }
  const keyOf = new Map(Array.from(deliveryOf, ([key, { event }]) => [event, key]));
  const { acknowledged } = evidence;
  return { target, deliveries, problems: explain(strangers, { acknowledged, target, keyOf }) };
}

/** Why an arrival belongs to no expected event: its position tells which event it was about. */
function explain(
  strangers: readonly Arrival[],
  of: {
    readonly acknowledged: readonly AcknowledgedEvent[];
    readonly target: string;
    /** The key that each expected event goes under. */
    readonly keyOf: ReadonlyMap<AcknowledgedEvent, string>;
  },
): Problem[] {
  const { acknowledged, target, keyOf } = of;
  if (strangers.length === 0) return [];
  const byPlace = new Map(
    acknowledged.map((event) => [`${event.topic}/${event.partition}/${event.offset}`, event]),
  );
  return strangers.map(({ seq, position, idempotencyKey, method, path }) => {
    const event = byPlace.get(position ?? "");
    const call = `arrival ${seq}, ${method} ${path}, position ${String(position)}`;
    if (event === undefined)
      return {
        check: "foreign",
        target,
        eventId: null,
        detail: `${call}: belongs to no acknowledged event (key ${String(idempotencyKey)})`,
      };
    const wanted = keyOf.get(event);
    if (wanted === undefined)
      return { check: "foreign", target, eventId: event.id, detail: `${call}: must not get it` };
    const detail = `${call}: idempotency key ${String(idempotencyKey)}, should be ${wanted}`;
    return { check: "key", target, eventId: event.id, detail };
  });
}

/** Whether the caller was told 2xx: the only answer after which an event may rest. */
export function isConfirmed({ ended }: Arrival): boolean {
  return ended !== null && ended.end === "answered" && isSuccess(ended.status);
}

/** Whether the target refused the event for good, and told so. */
export function isRefused({ ended }: Arrival): boolean {
  const status = ended?.status ?? 0;
  const isDefinite = status >= 400 && status < 500 && !RETRIED.has(status);
  return ended?.end === "answered" && isDefinite;
}

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}
