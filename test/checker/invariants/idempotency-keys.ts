import type { Findings, Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Emission } from "../ledger/emissions.ts";
import {
  type Arrival,
  type Attempt,
  type Channel,
  type Delivery,
  type MarkerRow,
  NONE,
  type Target,
} from "../ledger/rows.ts";

/** S11. */
export const idempotencyKeys: Invariant = {
  title: "one delivery has one Idempotency-Key and one body, and no two events share a key",
  needs: [["recv"], ["log"]],
  judge(ledger, findings) {
    const reprocessing = replayJobs(ledger, (mode) => mode === "reprocess");
    const repairing = replayJobs(ledger, (mode) => mode !== "reprocess");
    for (const target of ledger.targets) {
      judgeOwners(target, findings);
      for (const channel of target.channels) {
        const { arrivals, operations } = channel;
        if (ledger.parties.has("attempt"))
          judgeMarkers(channel, { repairing, reprocessing, findings });
        const revisions = new Revisions(operations, ledger);
        for (const arrival of arrivals) {
          findings.judged();
          if (arrival.delivery.firstArrival === arrival) continue;
          judgeKey(arrival, {
            reprocessing,
            repairing,
            findings,
            isByAttempts: ledger.parties.has("attempt"),
          });
          judgeBody(arrival, revisions, findings);
        }
      }
    }
  },
};

function replayJobs(
  { operations, names }: Ledger,
  isMeant: (mode: string | undefined) => boolean,
): ReadonlySet<number> {
  const jobs = new Set<number>();
  for (const { line } of operations) {
    if (line.f === "replay" && isMeant(line.mode)) jobs.add(names.jobOf(line.job ?? line.who));
  }
  return jobs;
}

/** Keys that come with more than one event: found by sorting, since a million keys in a map are a lot of memory. */
function judgeOwners({ arrivals }: Target, findings: Findings): void {
  const prints = Float64Array.from(arrivals, ({ keyPrint }) => keyPrint).sort();
  const repeated = new Set<number>();
  for (let index = 1; index < prints.length; index += 1) {
    const print = prints[index];
    if (print !== undefined && print === prints[index - 1]) repeated.add(print);
  }
  if (repeated.size === 0) return;
  const owners = new Map<number, Emission>();
  for (const { keyPrint, delivery } of arrivals) {
    const { event } = delivery.record;
    if (event === null || !repeated.has(keyPrint)) continue;
    const owner = owners.get(keyPrint);
    if (owner === undefined) owners.set(keyPrint, event);
    else if (owner !== event) {
      findings.breach(() => "has the Idempotency-Key of another event", delivery);
    }
  }
}

interface KeyJudging {
  readonly reprocessing: ReadonlySet<number>;
  readonly repairing: ReadonlySet<number>;
  readonly findings: Findings;
  readonly isByAttempts: boolean;
}

function judgeKey(arrival: Arrival, judging: KeyJudging): void {
  const { reprocessing, repairing, findings, isByAttempts } = judging;
  const { delivery, job, keyPrint } = arrival;
  if (reprocessing.has(job)) {
    const isOld = earlier(arrival, (one) => one.job !== job && one.keyPrint === keyPrint);
    const isOther = earlier(arrival, (one) => one.job === job && one.keyPrint !== keyPrint);
    if (isOld) findings.breach(() => "is reprocessed with the key of its delivery", delivery);
    if (isOther) findings.breach(() => "is reprocessed with two keys", delivery);
    return;
  }
  if (repairing.has(job)) return judgeRepair(arrival, judging);
  const isChanged = !earlier(arrival, (one) => one.keyPrint === keyPrint);
  const isComparable = earlier(arrival, (one) => !reprocessing.has(one.job));
  const isSwitched = job === NONE && earlier(arrival, (one) => !isSameKey(one, arrival));
  if (isSwitched || (isChanged && isComparable && job === NONE)) {
    return findings.breach(() => "arrives with another Idempotency-Key than before", delivery);
  }
  if (!isChanged || !isComparable) return;
  const isDefinite = isByAttempts
    ? wereAttemptsRefused(delivery, keyPrint)
    : !earlier(arrival, (one) => !isRefused(one));
  if (!isDefinite) {
    findings.breach(() => "is redriven with a new key although it may have been applied", delivery);
  }
}

/** A repair knows the event alone: it has the event's own key, also where a redrive had to change it. */
function judgeRepair(arrival: Arrival, { repairing, findings }: KeyJudging): void {
  const { delivery, keyPrint } = arrival;
  const isOwn = ({ job }: Arrival): boolean => job === NONE || repairing.has(job);
  if (earlier(arrival, (one) => isOwn(one) && one.keyPrint !== keyPrint)) {
    findings.breach(() => "is repaired with another Idempotency-Key than its own", delivery);
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

/** Whether the attempts before the first with a key had ended, and none may have been applied. */
function wereAttemptsRefused({ firstAttempt }: Delivery, keyPrint: number): boolean {
  let last: Arrival["delivery"]["firstAttempt"] = null;
  for (let one = firstAttempt; one !== null; one = one.next) {
    if (
      (last !== null && last.endOrder > one.sendOrder) ||
      last?.isAmbiguous === true ||
      last?.outcome === "delivered"
    )
      return false;
    if (one.keyPrint === keyPrint) return true;
    last = one;
  }
  return true;
}

/**
 * A marker says which key its dead letter gets if anyone redrives it: a new one tells that no attempt before may have been
 * applied. The first that says so is judged; those of its kind after it may be written behind attempts with the new key.
 */
function judgeMarkers(
  channel: Channel,
  { repairing, reprocessing, findings }: Omit<KeyJudging, "isByAttempts">,
): void {
  const granted = new Set<string>();
  for (const marker of channel.markers) {
    const { offset, redriveCount, keyCount } = marker;
    const name = `${offset}/${keyCount}`;
    const delivery = channel.stream.records.get(offset)?.deliveryAt(channel) ?? null;
    if (delivery === null || keyCount <= redriveCount || granted.has(name)) continue;
    granted.add(name);
    findings.judged();
    const isLive = ({ job }: Attempt): boolean => !repairing.has(job) && !reprocessing.has(job);
    if (!someAttempt(delivery, (one) => isLive(one) && mayBeApplied(one, marker))) continue;
    findings.breach(
      () => "is to be redriven with a new key although it may have been applied",
      delivery,
    );
  }
}

/** Whether it was sent before a marker by its owner or an earlier one, and not known to be refused. */
function mayBeApplied(
  { epoch, sendOrder, endOrder, isAmbiguous, outcome }: Attempt,
  marker: MarkerRow,
): boolean {
  if (epoch > marker.epoch || sendOrder > marker.order) return false;
  // An owner knows the ends of its own; an entry of the state topic is read with a time in whole ms.
  const isOpen = epoch < marker.epoch && endOrder > marker.order;
  return isOpen || isAmbiguous || outcome === "delivered";
}

function someAttempt({ firstAttempt }: Delivery, test: (attempt: Attempt) => boolean): boolean {
  for (let one = firstAttempt; one !== null; one = one.next) if (test(one)) return true;
  return false;
}

function isRefused({ isWhole, isBroken, status }: Arrival): boolean {
  return isWhole && !isBroken && status >= 300 && status < 500;
}

function judgeBody(arrival: Arrival, revisions: Revisions, findings: Findings): void {
  const { delivery, body } = arrival;
  const isOther = earlier(arrival, (one) => one.body !== body && revisions.isSame(one, arrival));
  if (!isOther) return;
  findings.breach(() => "arrives with another body under one mapping revision", delivery);
}

/** By which mapping requests were made: what a process says that it works by, else what was changed until then. */
class Revisions {
  readonly #ownByProcess = new Map<number, string>();
  readonly #changes: number[] = [];

  constructor(operations: Channel["operations"], { processes }: Ledger) {
    const names = new Set(processes.lives.map(({ name }) => name));
    for (const { line, order } of operations) {
      if (line.f !== "config") continue;
      if (!names.has(line.who)) this.#changes.push(order);
      else this.#ownByProcess.set(processes.idOf(line.who), line.detail ?? "");
    }
  }

  isSame(one: Arrival, other: Arrival): boolean {
    if (this.#ownByProcess.size > 0 && one.process !== NONE && other.process !== NONE) {
      return this.#ownByProcess.get(one.process) === this.#ownByProcess.get(other.process);
    }
    return !this.#changes.some((change) => change > one.order && change < other.order);
  }
}
