import { digest } from "../fingerprint.ts";
import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import {
  heldMs,
  type Holds,
  holdsOf,
  isBreakerProbe,
  isProbe,
  isSameHold,
} from "../ledger/holds.ts";
import { laneOf } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Attempt, type GivenUp, isAccepting, NEVER, NONE } from "../ledger/rows.ts";
import { judgeFlood } from "./flood.ts";
import { judgeSpentRetries } from "./spent-retries.ts";

/** Clocks are read in whole ms at both ends. */
const ROUNDING_MS = 2;
/** Probes of an open breaker in a row that are not charged, whoever they are of. */
const SPARED_PROBES_MAX = 6;

/** Of no bytes at all. */
const NOTHING = digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

/** Statuses that say nothing of the event: the target's configuration, its load, its haste. */
const NO_REFUSAL: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

/** S15. */
export const wholeDeadLetters: Invariant = {
  title:
    "a dead letter or parked event carries the original and its reason, and many pause a target",
  needs: [["dlq", "park"], ["log"]],
  judge(ledger, findings) {
    for (const { givenUps } of channelsOf(ledger)) {
      for (const givenUp of givenUps) judgeWhole(ledger, givenUp, findings);
    }
    if (!ledger.parties.has("attempt") || !ledger.parties.has("ops")) return;
    for (const target of ledger.targets) judgeFlood(ledger, target, findings);
  },
};

/** S16. */
export const chargedAttempts: Invariant = {
  title:
    "an event is dead-lettered for answers of its target or its network path, and nothing else",
  needs: [["dlq"], ["log"], ["recv", "attempt"]],
  judge(ledger, findings) {
    const holds = holdsOf(ledger);
    for (const target of ledger.targets) judgeSpentRetries({ ledger, target, holds }, findings);
    for (const { givenUps } of channelsOf(ledger)) {
      for (const givenUp of givenUps) {
        if (givenUp.kind === "park") continue;
        findings.judged();
        const fault = faultOf(ledger, givenUp, holds);
        if (fault !== null) findings.breach(() => fault, givenUp.delivery);
      }
    }
  },
};

function judgeWhole(ledger: Ledger, givenUp: GivenUp, findings: Findings): void {
  const { delivery, kind, key, sha, fits, reason, attemptCount, order, isLeftOpen } = givenUp;
  const { record } = delivery;
  if (record.logCount === 0) return;
  findings.judged();
  const name = kind === "dlq" ? "its dead letter" : "its parked record";
  // What its topic cannot take is left out, and no more.
  const due = fits === undefined ? record.sha : NOTHING;
  if (sha !== due) findings.breach(() => `${name} has other bytes`, delivery);
  // A parked event is found again by its key; a dead letter is read where its marker says.
  const mayLackKey = fits === "key" && kind === "dlq" && key === NONE;
  if (key !== record.key && !mayLackKey) findings.breach(() => `${name} has another key`, delivery);
  if (isLeftOpen) findings.breach(() => `${name} is deleted, though nobody resolved it`, delivery);
  if (reason === "") findings.breach(() => `${name} has no reason`, delivery);
  if (kind === "park" || !ledger.parties.has("attempt")) return;
  const sendCount = count(givenUp, ({ sendOrder }) => sendOrder < order);
  if (attemptCount > sendCount) {
    findings.breach(() => `${name} tells ${attemptCount} attempts of ${sendCount}`, delivery);
  }
}

/** What is wrong with a dead letter's cause; null where it has one. */
function faultOf(ledger: Ledger, givenUp: GivenUp, holds: Holds): string | null {
  const { delivery, reason } = givenUp;
  if (delivery.expected === "undeliverable" || delivery.expected === "unknown") return null;
  if (delivery.expected === "filtered") return "is dead-lettered, though the filter leaves it out";
  if (reason === "RETRIES_EXHAUSTED") {
    return isExhausted(ledger, givenUp, holds) ? null : "is given up before its retries were spent";
  }
  return wasRefused(ledger, givenUp) ? null : `is dead-lettered (${reason}), though never refused`;
}

function wasRefused({ parties }: Ledger, givenUp: GivenUp): boolean {
  const { delivery, order } = givenUp;
  const { target } = delivery.channel;
  if (!parties.has("recv")) return count(givenUp, ({ outcome }) => outcome === "rejected") > 0;
  for (let one = delivery.firstArrival; one !== null && one.order < order; one = one.next) {
    const { status, isWhole, isBroken } = one;
    if (!isWhole || isBroken || isAccepting(target, status)) continue;
    if (status >= 400 && status < 500 && !NO_REFUSAL.has(status)) return true;
  }
  return count(givenUp, isOtherRefusal) > 0;
}

/** By the sender's table for its target, which may know more refusals. */
function isOtherRefusal({ outcome, status }: Attempt): boolean {
  return outcome === "rejected" && !NO_REFUSAL.has(status);
}

function isExhausted(ledger: Ledger, givenUp: GivenUp, holds: Holds): boolean {
  const { delivery, attemptCount, at, epoch } = givenUp;
  const { maxAttempts, maxAgeMs } = delivery.channel.target.terms;
  if (!ledger.parties.has("attempt")) {
    const isSpent = maxAttempts !== null && attemptCount >= maxAttempts;
    return isSpent || at - delivery.record.at >= maxAgeMs - ROUNDING_MS;
  }
  const isCharged = (one: Attempt): boolean => one.outcome === "retry" && one.epoch === epoch;
  const failedCount = count(givenUp, isCharged);
  const probeCount = count(givenUp, (one) => isCharged(one) && isBreakerProbe(holds, one));
  // A lane that nobody else can try for has its probes charged in the end.
  const sparedMax = Math.max(0, SPARED_PROBES_MAX - otherProbeCount(givenUp, holds));
  const sparedCount = Math.min(probeCount, sparedMax);
  if (maxAttempts !== null && failedCount - sparedCount >= maxAttempts) return true;
  const first = firstOf(givenUp, isCharged);
  if (first === null) return false;
  const held = heldMs(holds, {
    ...{ target: delivery.channel.target, process: first.process },
    ...{ endAt: first.endAt, until: at },
  });
  return at - first.endAt - held >= maxAgeMs - ROUNDING_MS;
}

/** Probes of its lane besides, while the breaker was open: of earlier epochs, and of replays. */
function otherProbeCount({ delivery, epoch, order }: GivenUp, holds: Holds): number {
  const { channel } = delivery;
  const lane = laneOf(delivery);
  const isOwn = (one: Attempt): boolean =>
    one.delivery === delivery && one.epoch === epoch && one.job === NONE;
  const probe = firstOf({ delivery }, (one) => isOwn(one) && isProbe(holds, one));
  if (probe === null || lane === NONE) return 0;
  const others = channel.target.attempts.filter((one) => {
    const isBefore = one.sendOrder < order && one.process === probe.process && !isOwn(one);
    return isBefore && one.delivery.channel === channel && laneOf(one.delivery) === lane;
  });
  return others.filter((one) => isSameHold(holds, one, probe)).length;
}

function count({ delivery, order }: GivenUp, test: (attempt: Attempt) => boolean): number {
  let total = 0;
  for (let one = delivery.firstAttempt; one !== null && one.sendOrder < order; one = one.next) {
    if (test(one)) total += 1;
  }
  return total;
}

function firstOf(
  { delivery }: Pick<GivenUp, "delivery">,
  test: (attempt: Attempt) => boolean,
): Attempt | null {
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    if (one.endOrder !== NEVER && test(one)) return one;
  }
  return null;
}
