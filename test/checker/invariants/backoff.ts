/**
 * The wait before a retry is drawn evenly from zero to a bound that doubles with each failure, up to the cap (S17). One wait
 * says nothing, many do: were they all drawn so, the sum of -ln(wait / bound) would follow a gamma distribution. A sum that is far
 * beyond it means that the bound did not grow.
 *
 * What makes a wait longer (no free slot, Retry-After) makes the sum smaller: it hides nothing but what it is.
 */
import type { Findings } from "../findings.ts";
import { type Holds, holdsOf, isProbe } from "../ledger/holds.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Attempt, type Delivery, NONE, type Target } from "../ledger/rows.ts";

/** A single wait counts for no more than one that is so small a part of its bound. */
const SHARE_MIN = 1 / 256;
/** Breached where so large a sum has a probability below e to the minus this: 2e-11. */
const SURPRISE_MAX = 25;

/** Judges how long a target's retries waited, by their senders' word. */
export function judgeBackoff(ledger: Ledger, target: Target, findings: Findings): void {
  const { backoffBaseMs } = target.terms;
  if (backoffBaseMs === undefined) return;
  const holds = holdsOf(ledger);
  let [count, sum] = [0, 0];
  let last: Delivery | null = null;
  for (const { deliveries } of target.channels) {
    for (const delivery of deliveries) {
      for (const { waitMs, failureCount } of waitsOf(delivery, holds)) {
        const boundMs = Math.min(
          target.terms.backoffCapMs,
          backoffBaseMs * 2 ** (failureCount - 1),
        );
        sum -= Math.log(Math.min(1, Math.max(SHARE_MIN, waitMs / boundMs)));
        count += 1;
        last = delivery;
        findings.judged();
      }
    }
  }
  if (surprise(sum, count) <= SURPRISE_MAX) return;
  findings.breach(() => `is retried too soon, as are others: ${count} waits do not double`, last);
}

/** Waits of the same owner between two tries of an event, which nothing but the backoff was to end. */
function* waitsOf(
  { firstAttempt }: Delivery,
  holds: Holds,
): Generator<{ readonly waitMs: number; readonly failureCount: number }> {
  let before: Attempt | null = null;
  let failureCount = 0;
  for (let one = firstAttempt; one !== null; one = one.next) {
    const isSame = before?.epoch === one.epoch && before.job === one.job && one.job === NONE;
    if (!isSame) failureCount = 0;
    else if (
      before !== null &&
      failureCount > 0 &&
      before.outcome === "retry" &&
      !isProbe(holds, one)
    ) {
      yield { waitMs: one.sendAt - before.endAt, failureCount };
    }
    if (one.outcome === "retry" && !isProbe(holds, one)) failureCount += 1;
    before = one;
  }
}

/** By Chernoff's bound: minus the logarithm of the probability of a sum so large, or larger. */
function surprise(sum: number, count: number): number {
  if (count === 0 || sum <= count) return 0;
  return sum - count - count * Math.log(sum / count);
}
