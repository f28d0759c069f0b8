import type { Findings, Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Arrival, type Delivery, NEVER, NONE } from "../ledger/rows.ts";

/** S11. */
export const idempotencyKeys: Invariant = {
  title: "one delivery has one Idempotency-Key and one body, and no two events share a key",
  needs: [["recv"], ["log"]],
  judge(ledger, findings) {
    const reprocessing = reprocessJobs(ledger);
    for (const target of ledger.targets) {
      const owners = new Map<number, number>();
      for (const { arrivals, operations } of target.channels) {
        const changes = operations
          .filter(({ line }) => line.f === "config")
          .map((one) => one.order);
        for (const arrival of arrivals) {
          findings.judged();
          judgeOwner(arrival, owners, findings);
          if (arrival.delivery.firstArrival === arrival) continue;
          judgeKey(arrival, {
            reprocessing,
            findings,
            isByAttempts: ledger.parties.has("attempt"),
          });
          judgeBody(arrival, changes, findings);
        }
      }
    }
  },
};

function reprocessJobs({ operations, names }: Ledger): ReadonlySet<number> {
  const jobs = new Set<number>();
  for (const { line } of operations) {
    const isNew = line.f === "replay" && line.mode === "reprocess";
    if (isNew) jobs.add(names.jobOf(line.job ?? line.who));
  }
  return jobs;
}

function judgeOwner(
  { keyPrint, delivery }: Arrival,
  owners: Map<number, number>,
  findings: Findings,
): void {
  const { identity } = delivery.record;
  if (identity === NONE) return;
  const owner = owners.get(keyPrint);
  if (owner === undefined) owners.set(keyPrint, identity);
  else if (owner !== identity) {
    findings.breach(() => "has the Idempotency-Key of another event", delivery);
  }
}

interface KeyJudging {
  readonly reprocessing: ReadonlySet<number>;
  readonly findings: Findings;
  readonly isByAttempts: boolean;
}

function judgeKey(arrival: Arrival, { reprocessing, findings, isByAttempts }: KeyJudging): void {
  const { delivery, job, keyPrint, order } = arrival;
  if (reprocessing.has(job)) {
    const isOld = earlier(arrival, (one) => one.job !== job && one.keyPrint === keyPrint);
    const isOther = earlier(arrival, (one) => one.job === job && one.keyPrint !== keyPrint);
    if (isOld) findings.breach(() => "is reprocessed with the key of its delivery", delivery);
    if (isOther) findings.breach(() => "is reprocessed with two keys", delivery);
    return;
  }
  const isChanged = !earlier(arrival, (one) => one.keyPrint === keyPrint);
  const isComparable = earlier(arrival, (one) => !reprocessing.has(one.job));
  const isSwitched = job === NONE && earlier(arrival, (one) => !isSameKey(one, arrival));
  if (isSwitched || (isChanged && isComparable && job === NONE)) {
    return findings.breach(() => "arrives with another Idempotency-Key than before", delivery);
  }
  if (!isChanged || !isComparable) return;
  const isDefinite = isByAttempts
    ? wereAttemptsRefused(delivery, order)
    : !earlier(arrival, (one) => !isRefused(one));
  if (!isDefinite) {
    findings.breach(() => "is redriven with a new key although it may have been applied", delivery);
  }
}

/** Of live arrivals; a job's may have got a key of its own. */
function isSameKey(one: Arrival, other: Arrival): boolean {
  return one.job !== NONE || one.keyPrint === other.keyPrint;
}

function earlier({ delivery, order }: Arrival, test: (one: Arrival) => boolean): boolean {
  for (let one = delivery.firstArrival; one !== null && one.order < order; one = one.next) {
    if (test(one)) return true;
  }
  return false;
}

function wereAttemptsRefused({ firstAttempt }: Delivery, order: number): boolean {
  let last: Arrival["delivery"]["firstAttempt"] = null;
  for (let one = firstAttempt; one !== null && one.sendOrder < order; one = one.next) {
    const isOpen = last !== null && last.endOrder === NEVER;
    if (isOpen || last?.isAmbiguous === true || last?.outcome === "delivered") return false;
    last = one;
  }
  return true;
}

function isRefused({ isWhole, isBroken, status }: Arrival): boolean {
  return isWhole && !isBroken && status >= 300 && status < 500;
}

function judgeBody(arrival: Arrival, changes: readonly number[], findings: Findings): void {
  const { delivery, body, order } = arrival;
  const first = delivery.firstArrival;
  if (first === null || first.body === body) return;
  if (changes.some((change) => change > first.order && change < order)) return;
  findings.breach(() => "arrives with another body under one mapping revision", delivery);
}
