import { type Findings, type Invariant } from "../findings.ts";
import { type Attempt, type Channel, NONE, type Target } from "../ledger/rows.ts";

/**
 * How long a first attempt must have been possible before it counts as waiting, ms: what is in the log need not have
 * been fetched yet.
 */
const WAITING_MS = 1_000;

/** S18: told by what was sent; a history does not say how many slots there were, so the cap's half is the limit. */
export const retryShare: Invariant = {
  title: "retries hold at most half of the slots while first attempts wait",
  needs: [["attempt"], ["log"]],
  judge({ targets }, findings) {
    for (const target of targets) judgeTarget(target, findings);
  },
};

function judgeTarget(target: Target, findings: Findings): void {
  const limit = Math.max(1, Math.floor(target.terms.concurrencyMax / 2));
  const retries = target.attempts.filter(isRetry);
  if (retries.length <= limit) return;
  const open = new Map<number, Attempt[]>();
  for (const attempt of retries) {
    findings.judged();
    const { process, sendOrder } = attempt;
    const held = (open.get(process) ?? []).filter(({ endOrder }) => endOrder > sendOrder);
    held.push(attempt);
    open.set(process, held);
    if (held.length <= limit || !isAnyWaiting(attempt)) continue;
    const { length } = held;
    findings.breach(
      () => `is one of ${length} retries in flight while first attempts wait`,
      attempt.delivery,
    );
  }
}

/** Whether an earlier try of the same owner was charged. */
function isRetry(attempt: Attempt): boolean {
  if (attempt.number === 1) return false;
  for (let one = attempt.delivery.firstAttempt; one !== null && one !== attempt; one = one.next) {
    const isOwner = one.process === attempt.process && one.epoch === attempt.epoch;
    if (isOwner && one.outcome === "retry") return true;
  }
  return false;
}

/**
 * Whether a first attempt of the same owner waited since long before this retry was sent, and went out after it: its
 * event was in the log, below one that the owner had already sent, and at the head of its lane.
 */
function isAnyWaiting(retry: Attempt): boolean {
  return retry.delivery.channel.target.channels.some((channel) => isWaitingIn(channel, retry));
}

function isWaitingIn({ attempts }: Channel, retry: Attempt): boolean {
  const since = retry.sendAt - WAITING_MS;
  let sinceOrder = NONE;
  let highest = NONE;
  let epoch = NONE;
  for (const one of attempts) {
    if (one.process !== retry.process) continue;
    const { offset } = one.delivery;
    // What an earlier epoch of the same process had fetched is fetched again.
    if (one.epoch !== epoch) highest = NONE;
    epoch = one.epoch;
    if (one.sendAt <= since) {
      sinceOrder = one.sendOrder;
      highest = Math.max(highest, offset);
      continue;
    }
    if (one.sendOrder <= retry.sendOrder || one.number !== 1 || one.job !== NONE) continue;
    if (offset < highest && one.delivery.record.at < since && isHead(one, sinceOrder)) return true;
  }
  return false;
}

/**
 * Whether nothing of its lane was in its way. Where the one before it was given up, the owner's word counts: the broker
 * has a dead letter before its writer hears of it.
 */
function isHead({ delivery: { gate }, epoch }: Attempt, before: number): boolean {
  if (gate === null) return true;
  if (gate.firstGivenUp === null) return gate.settledOrder < before;
  for (let one = gate.firstSettle; one !== null; one = one.next) {
    if (one.epoch === epoch && one.order < before) return true;
  }
  return false;
}
