import type { Findings, Invariant } from "../findings.ts";
import { type OwnerChange, ownerChanges } from "../ledger/owners.ts";
import { NEVER, type Target } from "../ledger/rows.ts";
import { judgeBackoff } from "./backoff.ts";
import { type CallTimes, timesOfArrivals, timesOfAttempts } from "./call-times.ts";
import { judgeEventRetryAfter } from "./event-retry-after.ts";
import { judgeHeldCalls } from "./held-calls.ts";
import { judgeOperatorPauses } from "./operator-pauses.ts";
import { judgeRefusedHolds } from "./refused-holds.ts";
import { judgeRetryAfter } from "./retry-after.ts";
import { judgeTelling } from "./told-time.ts";

/** Where only the target wrote: what requests take to arrive, ms. */
const TRANSIT_MS = 1_000;

/** Times are whole ms, and tokens fractions. */
const ROUNDING = 0.01;

/** S17. */
export const targetLimits: Invariant = {
  title: "rate, concurrency, backoff and Retry-After are kept, per target over all its processes",
  needs: [["attempt", "recv"]],
  judge(ledger, findings) {
    const isByAttempts = ledger.parties.has("attempt");
    for (const target of ledger.targets) {
      const times = isByAttempts ? timesOfAttempts(target, ledger) : timesOfArrivals(target);
      const changes = ownerChanges(target);
      const slackMs = isByAttempts ? 0 : TRANSIT_MS;
      judgeRate(times, { target, changes, slackMs, findings });
      judgeConcurrency(times, { target, changes, slackMs, findings });
      judgeRetryAfter(ledger, target, findings);
      if (ledger.parties.has("throttle")) judgeTelling(ledger, target, findings);
      if (!isByAttempts) continue;
      judgeBackoff(ledger, target, findings);
      judgeEventRetryAfter(ledger, target, findings);
      judgeHeldCalls(ledger, target, findings);
      judgeOperatorPauses(ledger, target, findings);
      judgeRefusedHolds(ledger, target, findings);
    }
  },
};

interface Judging {
  readonly target: Target;
  readonly changes: readonly OwnerChange[];
  readonly slackMs: number;
  readonly findings: Findings;
}

/**
 * A bucket that is filled as the promise allows and must never run dry: the rate, the burst, and one call for each
 * process that joins. A burst that is shared may be one more for each owner, since a part of a call is none.
 */
function judgeRate(times: CallTimes, { target, changes, slackMs, findings }: Judging): void {
  const { rate } = target.terms;
  if (rate === null) return;
  const perMs = rate.perSecond / 1_000;
  const burst = Math.max(1, rate.burst) + slackMs * perMs;
  let capacity = burst;
  let tokens = burst;
  let filledAt = 0;
  let next = 0;
  for (const [index, { delivery }] of times.calls.entries()) {
    findings.judged();
    const at = times.at[index] ?? 0;
    tokens += (at - filledAt) * perMs;
    filledAt = at;
    for (let one = changes[next]; one !== undefined && one.at <= at; one = changes[next]) {
      capacity = Math.max(capacity, burst + one.ownerCount);
      tokens += one.joinCount;
      next += 1;
    }
    tokens = Math.min(capacity, tokens) - 1;
    if (tokens > -ROUNDING) continue;
    const { perSecond } = rate;
    findings.breach(() => `comes above ${perSecond}/s with bursts of ${rate.burst}`, delivery);
    tokens = 0;
  }
}

/**
 * Sweeps over beginnings and ends, both ascending; where only the target wrote, an end may be told of late. Each owner
 * but the first may have one slot more than its share, since it has at least one.
 */
function judgeConcurrency(times: CallTimes, { target, changes, slackMs, findings }: Judging): void {
  const isByTarget = slackMs > 0;
  const begins = isByTarget ? times.at : times.order;
  const ends = (isByTarget ? times.endAt : times.endOrder).slice().sort();
  let ended = 0;
  let next = 0;
  let owners = 1;
  for (const [index, { delivery }] of times.calls.entries()) {
    findings.judged();
    const begin = begins[index] ?? 0;
    while ((ends[ended] ?? NEVER) <= begin) ended += 1;
    for (let one = changes[next]; one !== undefined; one = changes[next]) {
      if ((isByTarget ? one.at : one.order) > begin) break;
      owners = Math.max(1, one.ownerCount);
      next += 1;
    }
    const count = index + 1 - ended;
    const isAbove = count > target.terms.concurrencyMax + owners - 1;
    if (isAbove) findings.breach(() => `is one of ${count} calls in flight`, delivery);
  }
}
