import { isConfirmed, type TargetHistory } from "./target-history.ts";
import type { Arrival } from "./records.ts";
import type { Problem } from "./verdict.ts";

/**
 * A delivery process that is killed may have been told 2xx and not have had that committed yet. Commits leave at least
 * 25 ms apart, each when the one before is acknowledged; this is what a loaded machine may make of it.
 */
const UNCOMMITTED_MS = 1_000;

/**
 * S12, S13: a repeated arrival is justified when the arrival before it was not answered 2xx (an error, a reset, a
 * caller that was gone), or when the process was killed between the two, so soon after the answer that it cannot have
 * been committed.
 */
export function checkRepeats(
  { target, deliveries }: TargetHistory,
  kills: readonly number[],
): RepeatFindings {
  const problems: Problem[] = [];
  let acrossKill = 0;
  for (const { event, arrivals } of deliveries)
    for (const [index, arrival] of arrivals.entries()) {
      const before = arrivals[index - 1];
      if (before === undefined || !isConfirmed(before)) continue;
      if (crossesKill(before, arrival, kills)) {
        acrossKill += 1;
        continue;
      }
      const detail = `arrival ${arrival.seq} repeats ${before.seq}, which was answered ${String(before.ended?.status)}`;
      problems.push({ check: "repeat", target, eventId: event.id, detail });
    }
  return { problems, acrossKill };
}

/** What was found of repeats after an answer of 2xx. */
export interface RepeatFindings {
  readonly problems: readonly Problem[];
  /** Those that a kill explains. */
  readonly acrossKill: number;
}

function crossesKill(before: Arrival, repeat: Arrival, kills: readonly number[]): boolean {
  const answeredAt = before.ended?.at ?? before.at;
  return kills.some(
    (killedAt) =>
      before.at <= killedAt && repeat.at >= killedAt && answeredAt >= killedAt - UNCOMMITTED_MS,
  );
}
