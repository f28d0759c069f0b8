import { isConfirmed, type TargetHistory } from "./target-history.ts";
import type { Arrival } from "./records.ts";
import type { Problem } from "./verdict.ts";

/**
 * A delivery process that is killed may have been told 2xx and not have had that committed yet. Commits leave at least
 * 25 ms apart, each when the one before is acknowledged; this is what a loaded machine may make of it.
 */
const UNCOMMITTED_MS = 1_000;

/**
 * S9, S12, S13: a repeated arrival is justified when the arrival before it was not answered 2xx (an error, a reset, a
 * caller that was gone), or when the process was killed between the two, so soon after the answer that it cannot have
 * been committed. One that comes while an earlier one is still to be answered is never justified. An event whose emit
 * was repeated may stand in its topic twice: there, only arrivals of one position are compared.
 */
export function checkRepeats(
  { target, deliveries }: TargetHistory,
  kills: readonly number[],
): RepeatFindings {
  const problems: Problem[] = [];
  let acrossKill = 0;
  const miss = (eventId: string, detail: string): number =>
    problems.push({ check: "repeat", target, eventId, detail });
  for (const { event, arrivals } of deliveries)
    for (const [before, arrival] of repeatsOf(arrivals, event.tries)) {
      const answer = `which was answered ${String(before.ended?.status)}`;
      if (answeredAfter(before, arrival))
        miss(event.id, `arrival ${arrival.seq} came while ${before.seq} was open, ${answer}`);
      else if (!isConfirmed(before)) continue;
      else if (crossesKill(before, arrival, kills)) acrossKill += 1;
      else miss(event.id, `arrival ${arrival.seq} repeats ${before.seq}, ${answer}`);
    }
  return { problems, acrossKill };
}

/** Each arrival but the first, with the one before it. */
function repeatsOf(
  arrivals: readonly Arrival[],
  tries: number,
): (readonly [before: Arrival, arrival: Arrival])[] {
  return arrivals.flatMap((arrival, index) => {
    const earlier = arrivals.slice(0, index);
    const before = earlier.findLast(({ position }) => tries === 1 || position === arrival.position);
    return before === undefined ? [] : [[before, arrival] as const];
  });
}

function answeredAfter({ ended }: Arrival, later: Arrival): boolean {
  return ended?.end === "answered" && ended.at > later.at;
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
