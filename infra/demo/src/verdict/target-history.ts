import { expectedIdempotencyKey } from "./idempotency-key.ts";
import type { AcknowledgedEvent, ApiRecord, Arrival } from "./records.ts";
import type { Evidence, ExpectedCall, Problem } from "./verdict.ts";

/** The tenant of every event, until there are tenants. */
const TENANT = "default";

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

/** Assigns each arrival to its event by the independently computed idempotency key; what fits none is a problem. */
export function targetHistory(evidence: Evidence, api: ApiRecord): TargetHistory {
  const { target } = api;
  const arrivalsOf = new Map<string, Arrival[]>();
  const deliveries: ExpectedDelivery[] = [];
  for (const event of evidence.acknowledged) {
    const call = evidence.expect(target, event);
    if (call === null) continue;
    const arrivals: Arrival[] = [];
    arrivalsOf.set(expectedIdempotencyKey({ ...event, tenant: TENANT, target }), arrivals);
    deliveries.push({ event, call, arrivals });
  }
  const strangers: Arrival[] = [];
  for (const arrival of api.arrivals) {
    const arrivals = arrivalsOf.get(arrival.idempotencyKey ?? "");
    if (arrivals === undefined) strangers.push(arrival);
    else arrivals.push(arrival);
  }
  return { target, deliveries, problems: explain(strangers, evidence.acknowledged, target) };
}

/** Why an arrival belongs to no expected event: its position tells which event it was about. */
function explain(
  strangers: readonly Arrival[],
  acknowledged: readonly AcknowledgedEvent[],
  target: string,
): Problem[] {
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
    const wanted = expectedIdempotencyKey({ ...event, tenant: TENANT, target });
    if (wanted === idempotencyKey)
      return { check: "foreign", target, eventId: event.id, detail: `${call}: must not get it` };
    const detail = `${call}: idempotency key ${String(idempotencyKey)}, should be ${wanted}`;
    return { check: "key", target, eventId: event.id, detail };
  });
}

/** Whether the caller was told 2xx: the only answer after which an event may rest. */
export function isConfirmed({ ended }: Arrival): boolean {
  return ended !== null && ended.end === "answered" && isSuccess(ended.status);
}

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}
