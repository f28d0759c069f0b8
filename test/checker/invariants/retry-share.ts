import { type Findings, type Invariant } from "../findings.ts";
import { type Holds, holdsOf, isProbe } from "../ledger/holds.ts";
import { laneOf } from "../ledger/lanes.ts";
import { type Resume, resumesOf, wasPausedBetween } from "../ledger/resumes.ts";
import {
  type Attempt,
  type Channel,
  type Delivery,
  NEVER,
  NONE,
  type Target,
} from "../ledger/rows.ts";

/**
 * How long a first attempt must have been possible before it counts as waiting, ms: what is in the log need not have
 * been fetched yet.
 */
const WAITING_MS = 1_000;

/** Pairs of retries in a row that are looked at, of a target: each costs a walk through its attempts. */
const PAIRS_MAX = 300;

/** First attempts in a row while a retry is due and none is open: more than turns and a breaker that opens make. */
const FIRSTS_MAX = 8;

/** What the backoff of a retry may be late by, ms. */
const LATE_MS = 1_000;

/** S18: told by what was sent; a history does not say how many slots there were, so the cap's half is the limit. */
export const retryShare: Invariant = {
  title: "retries hold at most half of the slots while first attempts wait",
  needs: [["attempt"], ["log"]],
  judge(ledger, findings) {
    const known = { holds: holdsOf(ledger), resumes: resumesOf(ledger) };
    for (const target of ledger.targets) {
      const retries = target.attempts.filter((attempt) => isRetry(attempt, known));
      judgeShare(target, retries, findings);
      judgeTurns(target, new Set(retries), findings);
    }
  },
};

function judgeShare(target: Target, retries: readonly Attempt[], findings: Findings): void {
  const limit = Math.max(1, Math.floor(target.terms.concurrencyMax / 2));
  if (retries.length <= limit) return;
  const open = new Map<number, Attempt[]>();
  for (const attempt of retries) {
    findings.judged();
    const { process, sendOrder } = attempt;
    const held = (open.get(process) ?? []).filter(({ endOrder }) => endOrder > sendOrder);
    held.push(attempt);
    open.set(process, held);
    const waiting = held.length <= limit ? null : findWaiting(attempt);
    if (waiting === null) continue;
    const { length } = held;
    findings.breach(
      () => `is one of ${length} retries in flight while ${waiting.offset} waits for its first`,
      attempt.delivery,
      waiting,
    );
  }
}

/** While both wait, retries and first attempts take turns, however few slots there are. */
function judgeTurns(target: Target, retries: ReadonlySet<Attempt>, findings: Findings): void {
  let pairCount = 0;
  for (const calls of byProcess(target).values()) {
    for (const [index, call] of calls.entries()) {
      if (!retries.has(call)) continue;
      const before = calls[index - 1];
      if (before !== undefined && retries.has(before) && pairCount < PAIRS_MAX) {
        pairCount += 1;
        findings.judged();
        const waiting = findWaiting(before);
        if (waiting !== null) {
          const { offset } = waiting;
          findings.breach(
            () => `is a retry behind another while ${offset} waits for its first`,
            call.delivery,
            waiting,
          );
        }
      }
      judgeStarved(call, { calls, index, retries, findings });
    }
  }
}

interface Turn {
  readonly calls: readonly Attempt[];
  readonly index: number;
  readonly retries: ReadonlySet<Attempt>;
  readonly findings: Findings;
}

/** Whether first attempts went on and on since this retry was due, while none was open. */
function judgeStarved(retry: Attempt, { calls, index, retries, findings }: Turn): void {
  const { delivery } = retry;
  const { channel } = delivery;
  const dueAt = dueAtOf(retry);
  if (dueAt === NEVER || wasParked(delivery) || channel.setAsideKeys.has(delivery.record.key))
    return;
  findings.judged();
  let count = 0;
  for (let place = index - 1; place >= 0; place -= 1) {
    const call = calls[place];
    if (call === undefined || call.sendAt < dueAt || retries.has(call)) break;
    if (call.number === 1) count += 1;
  }
  if (count <= FIRSTS_MAX) return;
  const since = calls[index - count]?.sendOrder ?? NONE;
  const isOpen = [...retries].some((one) => {
    return one.process === retry.process && one.sendOrder < retry.sendOrder && one.endOrder > since;
  });
  if (!isOpen) findings.breach(() => `is due while ${count} first attempts are made`, delivery);
}

/** When a retry was due at the latest; NEVER where nobody can tell. */
function dueAtOf({ delivery, number, process, epoch, job, sendOrder }: Attempt): number {
  for (let one = delivery.firstArrival; one !== null && one.order < sendOrder; one = one.next) {
    if (one.retryAfterMs > 0) return NEVER;
  }
  const { backoffCapMs } = delivery.channel.target.terms;
  for (let one = delivery.firstAttempt; one !== null && one.sendOrder < sendOrder; one = one.next) {
    const isOwner = one.process === process && one.epoch === epoch && one.job === job;
    if (!isOwner || one.number !== number - 1) continue;
    return one.outcome === "retry" ? one.endAt + backoffCapMs + LATE_MS : NEVER;
  }
  return NEVER;
}

/** A target's calls as each process sent them; none where it had replays, which take turns of their own. */
function byProcess({ attempts, channels }: Target): ReadonlyMap<number, readonly Attempt[]> {
  const calls = new Map<number, Attempt[]>();
  const hasReplays = channels.some(({ operations }) =>
    operations.some(({ line }) => line.f === "replay"),
  );
  if (hasReplays) return calls;
  for (const attempt of attempts) {
    const known = calls.get(attempt.process);
    if (known === undefined) calls.set(attempt.process, [attempt]);
    else known.push(attempt);
  }
  return calls;
}

/** What happened to targets and replays. */
interface Known {
  readonly holds: Holds;
  readonly resumes: readonly Resume[];
}

/** Whether an earlier try of the same owner was charged; a failed probe is not. */
function isRetry(attempt: Attempt, { holds, resumes }: Known): boolean {
  if (attempt.number === 1) return false;
  for (let one = attempt.delivery.firstAttempt; one !== null && one !== attempt; one = one.next) {
    const isOwner = one.process === attempt.process && one.epoch === attempt.epoch;
    const isCounted = one.job === attempt.job && !wasPausedBetween(resumes, one, attempt);
    if (isOwner && isCounted && one.outcome === "retry" && !isProbe(holds, one)) return true;
  }
  return false;
}

/**
 * A delivery of the same owner that waited for its first attempt since long before this retry was sent, and had it after:
 * its event was in the log, below one that the owner had already sent, and at the head of its lane.
 */
function findWaiting(retry: Attempt): Delivery | null {
  for (const channel of retry.delivery.channel.target.channels) {
    const waiting = findWaitingIn(channel, retry);
    if (waiting !== null) return waiting;
  }
  return null;
}

function findWaitingIn({ attempts }: Channel, retry: Attempt): Delivery | null {
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
      // What comes from the parked topic or a replay says nothing of how far the live records have come.
      const isLive = one.job === NONE && !wasParked(one.delivery);
      if (isLive) highest = Math.max(highest, offset);
      continue;
    }
    if (one.sendOrder <= retry.sendOrder || one.number !== 1 || one.job !== NONE) continue;
    const isOld = offset < highest && one.delivery.record.at < since;
    if (isOld && isHead(one, sinceOrder)) return one.delivery;
  }
  return null;
}

/**
 * Whether nothing of its lane was in its way. A key that was set aside comes back by way of the parked topic, in its
 * time. Where the one before it was dead-lettered, the owner's word counts: the broker has a dead letter before its
 * writer hears of it.
 */
function isHead(attempt: Attempt, before: number): boolean {
  const { gate, channel, record } = attempt.delivery;
  // With order by partition it is the partition that is set aside.
  const { order } = channel.target.terms;
  const { setAsideKeys } = channel;
  const wasSetAside = order === "partition" ? setAsideKeys.size > 0 : setAsideKeys.has(record.key);
  if (wasSetAside || wasParked(attempt.delivery)) return false;
  if (gate === null) return true;
  if (wasParked(gate) || isLaneBusy(attempt, before)) return false;
  if (gate.firstGivenUp === null) return gate.settledOrder < before;
  for (let one = gate.firstSettle; one !== null; one = one.next) {
    if (one.epoch === attempt.epoch && one.order < before) return true;
  }
  return false;
}

/** Whether the same owner was still at an earlier event of the lane, be it again. */
function isLaneBusy({ delivery, epoch, process }: Attempt, before: number): boolean {
  const lane = laneOf(delivery);
  return delivery.channel.attempts.some((one) => {
    const isOwner = one.epoch === epoch && one.process === process;
    if (!isOwner || one.delivery.offset >= delivery.offset) return false;
    return one.endOrder >= before && laneOf(one.delivery) === lane;
  });
}

function wasParked({ firstGivenUp }: Delivery): boolean {
  for (let one = firstGivenUp; one !== null; one = one.next) if (one.kind === "park") return true;
  return false;
}
