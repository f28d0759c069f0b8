import type { Findings } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Arrival, type Attempt, NEVER, NONE, type Target } from "../ledger/rows.ts";
import { lifeAt } from "./call-times.ts";

/** A target cannot stop itself for longer, ms. */
const RETRY_AFTER_MAX_MS = 900_000;

/** How much earlier than asked a call may come, ms. */
const EARLY_MS = 1_000;

/** Where only the target wrote: what its answer takes to be heard, and requests to arrive, ms. */
const TRANSIT_MS = 1_000;

/** A wait that a target asked for, as one process heard of it. */
interface Ask {
  readonly process: number;
  readonly sentOrder: number;
  readonly heardAt: number;
  readonly heardOrder: number;
  readonly retryAfterMs: number;
}

/** A process keeps to what it was told; it knows nothing of it any more when it has started anew. */
export function judgeRetryAfter(ledger: Ledger, target: Target, findings: Findings): void {
  const isByAttempts = ledger.parties.has("attempt");
  const asks = isByAttempts ? asksHeard(target) : asksAnswered(target);
  if (asks.length === 0) return;
  asks.sort((a, b) => a.heardOrder - b.heardOrder);
  const transitMs = isByAttempts ? 0 : TRANSIT_MS;
  const heard = new Map<number, Ask>();
  let next = 0;
  for (const call of isByAttempts ? target.attempts : target.arrivals) {
    const { at, order } = beginOf(call);
    for (let one = asks[next]; one !== undefined && one.heardOrder < order; one = asks[next]) {
      const known = heard.get(one.process);
      if (known === undefined || untilOf(known) < untilOf(one)) heard.set(one.process, one);
      next += 1;
    }
    const ask = call.process === NONE ? undefined : heard.get(call.process);
    if (ask === undefined) continue;
    findings.judged();
    if (at >= untilOf(ask) || at < ask.heardAt + transitMs) continue;
    if (isForgotten(ledger, ask, order)) continue;
    const seconds = ask.retryAfterMs / 1_000;
    findings.breach(() => `comes before the ${seconds} s that were asked for`, call.delivery);
  }
}

function beginOf(call: Attempt | Arrival): { readonly at: number; readonly order: number } {
  return "sendAt" in call ? { at: call.sendAt, order: call.sendOrder } : call;
}

function untilOf({ heardAt, retryAfterMs }: Ask): number {
  return heardAt + Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) - EARLY_MS;
}

function isForgotten({ processes }: Ledger, { process, sentOrder }: Ask, order: number): boolean {
  const life = lifeAt(processes.lives, process, sentOrder);
  return life !== undefined && life.endOrder < order;
}

function asksHeard({ attempts }: Target): Ask[] {
  const asks: Ask[] = [];
  for (const attempt of attempts) {
    const { outcome, process, sendOrder: sentOrder, endAt, endOrder } = attempt;
    if (outcome !== "throttled" || endOrder === NEVER) continue;
    const retryAfterMs = toldBetween(attempt);
    if (retryAfterMs <= EARLY_MS) continue;
    asks.push({ process, sentOrder, heardAt: endAt, heardOrder: endOrder, retryAfterMs });
  }
  return asks;
}

/** What was told to an attempt, by the arrival that it made. */
function toldBetween({ delivery, process, sendOrder, endOrder, status }: Attempt): number {
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    const isBetween = one.order > sendOrder && one.answerOrder < endOrder;
    const isItsOwn = isBetween && one.status === status && one.process === process;
    if (isItsOwn && one.retryAfterMs !== NONE) return one.retryAfterMs;
  }
  return NONE;
}

function asksAnswered({ arrivals }: Target): Ask[] {
  const asks: Ask[] = [];
  for (const arrival of arrivals) {
    const { status, isWhole, isBroken, retryAfterMs, process, order, answerAt } = arrival;
    const isThrottle = (status === 429 || status === 503) && isWhole && !isBroken;
    if (!isThrottle || process === NONE || retryAfterMs <= EARLY_MS) continue;
    const { answerOrder: heardOrder } = arrival;
    asks.push({ process, sentOrder: order, heardAt: answerAt, heardOrder, retryAfterMs });
  }
  return asks;
}
