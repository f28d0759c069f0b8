/**
 * Behind an event that a replay could not deliver it sends nothing of its key (S20): neither its owner does, nor a later one
 * that found it written that the event had ended.
 */
import { covers } from "../done-set.ts";
import type { Findings } from "../findings.ts";
import { laneOf, wasLaneSetAside } from "../ledger/lanes.ts";
import { type Attempt, type Channel, type Delivery, NONE } from "../ledger/rows.ts";
import { stepsInForce } from "../ledger/takeovers.ts";

/** Judges what a job sends in a partition whose lanes stop behind a failed event. */
export function judgeStops(channel: Channel, job: number, findings: Findings): void {
  // A key that was set aside and released meanwhile may go on.
  const attempts = channel.attempts.filter(({ job: own, delivery }) => {
    return own === job && laneOf(delivery) !== NONE && !wasLaneSetAside(delivery);
  });
  judgeOwners(attempts, findings);
  judgeInherited(channel, { job, attempts, findings });
}

/** By the owner's own word of what became of its last call of the key. */
function judgeOwners(attempts: readonly Attempt[], findings: Findings): void {
  const lastOf = new Map<string, Attempt>();
  for (const attempt of attempts) {
    const { delivery, epoch, process } = attempt;
    const name = `${process}/${epoch}/${laneOf(delivery)}`;
    const before = lastOf.get(name);
    lastOf.set(name, attempt);
    if (before === undefined || before.delivery.offset >= delivery.offset) continue;
    findings.judged();
    if (before.outcome === "delivered") continue;
    const { offset } = before.delivery;
    findings.breach(() => `is sent by a replay that could not deliver ${offset}`, delivery);
  }
}

/**
 * An event that a step says has ended, and that the job tried and never delivered, has failed. Who claimed the partition
 * behind that step knows it (an epoch is numbered by where its claim stands in the state topic).
 */
function judgeInherited(
  channel: Channel,
  of: {
    readonly job: number;
    readonly attempts: readonly Attempt[];
    readonly findings: Findings;
  },
): void {
  const { job, attempts, findings } = of;
  const steps = stepsInForce(channel, job);
  if (steps.length === 0) return;
  const failed = failedOf(attempts, job);
  for (const { delivery, epoch } of attempts) {
    const earlier = (failed.get(laneOf(delivery)) ?? []).filter(({ offset }) => {
      return offset < delivery.offset;
    });
    if (earlier.length === 0) continue;
    findings.judged();
    const known = steps.filter(({ place }) => place < epoch);
    const stop = earlier.find(({ offset }) => {
      return known.some(({ coverage }) => covers(coverage, offset));
    });
    if (stop === undefined) continue;
    const { offset } = stop;
    findings.breach(
      () => `is sent by a replay, though it was written that ${offset} failed`,
      delivery,
    );
  }
}

/** What a job tried and never delivered, by lane. */
function failedOf(
  attempts: readonly Attempt[],
  job: number,
): ReadonlyMap<number, readonly Delivery[]> {
  const failed = new Map<number, Delivery[]>();
  for (const delivery of new Set(attempts.map((attempt) => attempt.delivery))) {
    if (wasDelivered(delivery, job)) continue;
    const lane = laneOf(delivery);
    const known = failed.get(lane);
    if (known === undefined) failed.set(lane, [delivery]);
    else known.push(delivery);
  }
  return failed;
}

/** By its senders' word. */
export function wasDelivered({ firstAttempt }: Delivery, job: number): boolean {
  for (let one = firstAttempt; one !== null; one = one.next) {
    if (one.job === job && one.outcome === "delivered") return true;
  }
  return false;
}
