/**
 * A Retry-After with a failure (408, 409, 425, 5xx) binds no more than the event that got it: its owner makes that call again
 * no sooner (S17). A throttled answer binds the whole process (retry-after.ts).
 */
import type { Findings } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { resumesOf } from "../ledger/resumes.ts";
import { type Attempt, NEVER, type Target } from "../ledger/rows.ts";
import { endOf } from "./asked-time.ts";

/** Times are whole ms, and files are merged by them. */
const MERGE_MS = 50;

/**
 * Judges the calls of a target that its senders wrote down. What was given up or parked comes back by another way, and a replay
 * that was paused reads its events anew: neither knows of the wait.
 */
export function judgeEventRetryAfter(ledger: Ledger, target: Target, findings: Findings): void {
  const resumes = resumesOf(ledger);
  for (const attempt of target.attempts) {
    const { delivery, number, job, sendAt, sendOrder } = attempt;
    if (number === 1 || delivery.firstGivenUp !== null) continue;
    const before = triedBefore(attempt);
    if (before?.outcome !== "retry") continue;
    const retryAfterMs = toldAtLeast(before);
    if (retryAfterMs <= MERGE_MS) continue;
    if (resumes.some((resume) => resume.job === job && resume.order < sendOrder)) continue;
    findings.judged();
    if (sendAt >= endOf({ heardAt: before.endAt, retryAfterMs }) - MERGE_MS) continue;
    const seconds = retryAfterMs / 1_000;
    findings.breach(() => `comes before the ${seconds} s that were asked for this event`, delivery);
  }
}

/** The attempt before it of the same owner. */
function triedBefore({
  delivery,
  number,
  process,
  epoch,
  job,
  sendOrder,
}: Attempt): Attempt | null {
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    const isOwner = one.process === process && one.epoch === epoch && one.job === job;
    if (isOwner && one.number === number - 1 && one.endOrder < sendOrder) return one;
  }
  return null;
}

/** What it was told by the arrival that it made; the least of those that it may have made. */
function toldAtLeast({ delivery, process, sendOrder, endOrder, status }: Attempt): number {
  let least = NEVER;
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    const isBetween = one.order > sendOrder && one.answerOrder < endOrder;
    const isItsOwn = isBetween && one.status === status && one.process === process;
    if (isItsOwn) least = Math.min(least, one.retryAfterMs);
  }
  return least === NEVER ? 0 : least;
}
