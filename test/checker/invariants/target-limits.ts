import type { Findings, Invariant } from "../findings.ts";
import { NEVER, type Target } from "../ledger/rows.ts";
import { type CallTimes, timesOfArrivals, timesOfAttempts } from "./call-times.ts";
import { judgeRetryAfter } from "./retry-after.ts";

/** Where only the target wrote: what requests take to arrive, ms. */
const TRANSIT_MS = 1_000;

/** S17. */
export const targetLimits: Invariant = {
  title: "rate, concurrency and Retry-After are kept, per target over all its processes",
  needs: [["attempt", "recv"]],
  judge(ledger, findings) {
    const isByAttempts = ledger.parties.has("attempt");
    for (const target of ledger.targets) {
      const times = isByAttempts ? timesOfAttempts(target, ledger) : timesOfArrivals(target);
      const changes = ownerStarts(target);
      const slackMs = isByAttempts ? 0 : TRANSIT_MS;
      judgeRate(times, { target, changes, slackMs, findings });
      judgeConcurrency(times, { target, changes, slackMs, findings });
      judgeRetryAfter(ledger, target, findings);
    }
  },
};

/** A process that took partitions of a target: its share of the limits begins anew. */
interface OwnerStart {
  readonly process: number;
  readonly at: number;
}

interface Judging {
  readonly target: Target;
  readonly changes: readonly OwnerStart[];
  readonly slackMs: number;
  readonly findings: Findings;
}

function ownerStarts({ channels }: Target): readonly OwnerStart[] {
  const starts: OwnerStart[] = [];
  for (const { epochs } of channels) {
    for (const { process, startAt: at } of epochs) {
      const isKnown = starts.some((one) => one.process === process && one.at === at);
      if (!isKnown) starts.push({ process, at });
    }
  }
  return starts.sort((a, b) => a.at - b.at);
}

/**
 * A bucket that is filled as the promise allows and must never run dry. Each process that takes partitions may come with
 * a full burst of its own share, since buckets know nothing of each other.
 */
function judgeRate(times: CallTimes, { target, changes, slackMs, findings }: Judging): void {
  const { rate } = target.terms;
  if (rate === null) return;
  const perMs = rate.perSecond / 1_000;
  const capacity = Math.max(1, rate.burst) + ownersOf(changes) + slackMs * perMs;
  let tokens = capacity;
  let filledAt = 0;
  let next = 0;
  for (const [index, { delivery }] of times.calls.entries()) {
    findings.judged();
    const at = times.at[index] ?? 0;
    tokens = Math.min(capacity, tokens + (at - filledAt) * perMs);
    filledAt = at;
    for (; (changes[next]?.at ?? NEVER) <= at; next += 1) {
      tokens = Math.min(capacity, tokens + Math.max(1, rate.burst));
    }
    tokens -= 1;
    if (tokens > -0.01) continue;
    const { perSecond, burst } = rate;
    findings.breach(() => `comes above ${perSecond}/s with bursts of ${burst}`, delivery);
    tokens = 0;
  }
}

/** How many processes own parts of a target beside the first; each may have one slot more than its share. */
function ownersOf(changes: readonly OwnerStart[]): number {
  return Math.max(0, new Set(changes.map(({ process }) => process)).size - 1);
}

/** Sweeps over beginnings and ends, both ascending; where only the target wrote, an end may be told of late. */
function judgeConcurrency(times: CallTimes, { target, changes, slackMs, findings }: Judging): void {
  const isByTarget = slackMs > 0;
  const begins = isByTarget ? times.at : times.order;
  const ends = (isByTarget ? times.endAt : times.endOrder).slice().sort();
  const limit = target.terms.concurrencyMax + ownersOf(changes);
  let ended = 0;
  for (const [index, { delivery }] of times.calls.entries()) {
    findings.judged();
    const begin = begins[index] ?? 0;
    while ((ends[ended] ?? NEVER) <= begin) ended += 1;
    const count = index + 1 - ended;
    if (count > limit) findings.breach(() => `is one of ${count} calls in flight`, delivery);
  }
}
