import type { Arrival } from "./records.ts";
import { isConfirmed, type ExpectedDelivery, type TargetHistory } from "./target-history.ts";
import type { Problem } from "./verdict.ts";

/** S1, S11, S21: each expected event was confirmed, took effect once, and every arrival carried exactly its call. */
export function checkDeliveries({ target, deliveries }: TargetHistory): Problem[] {
  return deliveries.flatMap((delivery) => [
    ...checkArrived(target, delivery),
    ...checkEffects(target, delivery),
    ...delivery.arrivals.flatMap((arrival) => checkCall(target, delivery, arrival)),
  ]);
}

function checkArrived(target: string, { event, arrivals }: ExpectedDelivery): Problem[] {
  if (arrivals.some(isConfirmed)) return [];
  const place = `${event.topic}/${event.partition}/${event.offset}`;
  const detail =
    arrivals.length === 0
      ? `acknowledged at ${place}, never arrived`
      : `acknowledged at ${place}, arrived ${arrivals.length} times, never answered 2xx`;
  return [{ check: "lost", target, eventId: event.id, detail }];
}

function checkEffects(target: string, { event, arrivals }: ExpectedDelivery): Problem[] {
  const applied = arrivals.filter(({ ended }) => ended?.effect === "applied");
  if (applied.length <= 1) return [];
  const seqs = applied.map(({ seq }) => seq).join(", ");
  const detail = `applied ${applied.length} times: arrivals ${seqs}`;
  return [{ check: "effect", target, eventId: event.id, detail }];
}

function checkCall(target: string, { event, call }: ExpectedDelivery, arrival: Arrival): Problem[] {
  const place = `${event.topic}/${event.partition}/${event.offset}`;
  const compared = [
    ["method", arrival.method, call.method],
    ["path", arrival.path, call.path],
    ["body", arrival.body, call.body],
  ] as const;
  const problems = compared
    .filter(([, got, wanted]) => got !== wanted)
    .map(([what, got, wanted]) => `arrival ${arrival.seq}: ${what} is ${got}, should be ${wanted}`);
  // An event that was emitted twice may stand at another offset too.
  if (arrival.position !== place && event.tries === 1)
    problems.push(`arrival ${arrival.seq}: position is ${String(arrival.position)}, not ${place}`);
  return problems.map((detail) => ({ check: "request", target, eventId: event.id, detail }));
}
