import type { Findings } from "../findings.ts";
import { heldMs, type Holds, isProbe } from "../ledger/holds.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { resumesOf, wasPausedBetween } from "../ledger/resumes.ts";
import { type Attempt, type Delivery, NEVER, type Target } from "../ledger/rows.ts";

/** Clocks are read in whole ms, and files merged by them. */
const MERGE_MS = 50;

/** The attempts of one delivery in one go. */
interface Course {
  last: Attempt;
  chargedCount: number;
  /** When the first charged attempt ended; NEVER before. */
  since: number;
}

/** What is judged. */
interface Judged {
  readonly ledger: Ledger;
  readonly target: Target;
  readonly holds: Holds;
}

/**
 * An event whose retries are spent is given up, not tried for ever (Outpost #663). Attempts count that failed outside of a
 * hold: of those within, one may have been a probe, which is not charged.
 */
export function judgeSpentRetries({ ledger, target, holds }: Judged, findings: Findings): void {
  const courses = new Map<Delivery, Course>();
  const resumes = resumesOf(ledger);
  for (const attempt of target.attempts) {
    const known = courses.get(attempt.delivery);
    const isAnew = (last: Attempt): boolean =>
      !isNext(attempt, last) ||
      wasGivenUp(last, attempt) ||
      wasPausedBetween(resumes, last, attempt);
    if (known === undefined || isAnew(known.last)) {
      courses.set(attempt.delivery, { last: attempt, chargedCount: 0, since: NEVER });
      continue;
    }
    findings.judged();
    if (isSpent(known, target, holds)) {
      findings.breach(() => "is tried on although its retries are spent", attempt.delivery);
    }
    known.last = attempt;
  }
}

/** A redrive, a replay and a new owner begin to count anew. */
function isNext(attempt: Attempt, { number, process, epoch, job, endOrder }: Attempt): boolean {
  const isOwner = attempt.process === process && attempt.epoch === epoch && attempt.job === job;
  return isOwner && attempt.number === number + 1 && endOrder < attempt.sendOrder;
}

/** A dead letter that someone had asked for beforehand is redriven as soon as it is there. */
function wasGivenUp({ delivery, endOrder }: Attempt, next: Attempt): boolean {
  for (let one = delivery.firstGivenUp; one !== null; one = one.next)
    if (one.kind === "dlq" && one.order > endOrder && one.order < next.sendOrder) return true;
  return false;
}

/** Counts the last attempt; whether it was the last that there may be. */
function isSpent(course: Course, target: Target, holds: Holds): boolean {
  const { last } = course;
  if (last.outcome !== "retry" || isProbe(holds, last)) return false;
  const { maxAttempts, maxAgeMs } = target.terms;
  const { process, endAt: until } = last;
  course.chargedCount += 1;
  course.since = Math.min(course.since, until);
  if (maxAttempts !== null && course.chargedCount >= maxAttempts) return true;
  const held = heldMs(holds, { target, process, endAt: course.since, until });
  return until - course.since - held >= maxAgeMs + MERGE_MS;
}
