import { type Findings, type Invariant } from "../findings.ts";
import { type Holds, holdsOf, isProbe } from "../ledger/holds.ts";
import { type Resume, resumesOf, wasPausedBetween } from "../ledger/resumes.ts";
import { type Attempt, NEVER, NONE, type Target } from "../ledger/rows.ts";
import { judgeReplayTurns } from "./replay-turns.ts";
import { findWaiting, wasParked } from "./waiting.ts";

/** Pairs of retries in a row that are looked at, of a target: each costs a walk through its attempts. */
const PAIRS_MAX = 300;

/** First attempts in a row while a retry is due and none is open: more than turns and a breaker that opens make. */
const FIRSTS_MAX = 8;

/** What the backoff of a retry may be late by, ms. */
const LATE_MS = 1_000;

/** S18: told by what was sent; a history does not say how many slots there were, so the cap's half is the limit. */
export const retryShare: Invariant = {
  title: "retries hold at most half of the slots while first attempts wait, and replays take turns",
  needs: [["attempt"], ["log"]],
  judge(ledger, findings) {
    const known = { holds: holdsOf(ledger), resumes: resumesOf(ledger) };
    for (const target of ledger.targets) {
      const retries = target.attempts.filter((attempt) => isRetry(attempt, known));
      judgeShare(target, retries, findings);
      judgeTurns(target, new Set(retries), findings);
      judgeReplayTurns(ledger, target, findings);
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
    const waiting = held.length <= limit ? null : findWaiting(attempt, attempt);
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
        const waiting = findWaiting(before, before);
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
