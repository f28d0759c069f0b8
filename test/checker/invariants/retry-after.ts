/** A wait that a target asked for is kept by whoever heard of it, from the target or from another process (S17). */
import type { Findings } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Arrival, type Attempt, NONE, type Target } from "../ledger/rows.ts";
import { type Ask, asksOfTarget, asksTold, EARLY_MS, endOf } from "./asked-time.ts";
import { lifeAt } from "./call-times.ts";

/** Where only the target wrote: what its answer takes to be heard, and requests to arrive, ms. */
const TRANSIT_MS = 1_000;

/** A process keeps to what it was told; it knows nothing of it any more when it has started anew. */
export function judgeRetryAfter(ledger: Ledger, target: Target, findings: Findings): void {
  const isByAttempts = ledger.parties.has("attempt");
  const asks = [...asksOfTarget(ledger, target), ...asksTold(target)];
  if (asks.length === 0) return;
  asks.sort((a, b) => a.heardOrder - b.heardOrder);
  const transitMs = isByAttempts ? 0 : TRANSIT_MS;
  const heard = new Map<number, Ask>();
  let next = 0;
  for (const call of isByAttempts ? target.attempts : target.arrivals) {
    const { at, order } = beginOf(call);
    for (let one = asks[next]; one !== undefined && one.heardOrder < order; one = asks[next]) {
      const known = heard.get(one.process);
      if (known === undefined || endOf(known) < endOf(one)) heard.set(one.process, one);
      next += 1;
    }
    const ask = call.process === NONE ? undefined : heard.get(call.process);
    if (ask === undefined) continue;
    findings.judged();
    if (at >= endOf(ask) - EARLY_MS || at < ask.heardAt + transitMs) continue;
    if (isForgotten(ledger, ask, order)) continue;
    const seconds = ask.retryAfterMs / 1_000;
    findings.breach(() => `comes before the ${seconds} s that were asked for`, call.delivery);
  }
}

function beginOf(call: Attempt | Arrival): { readonly at: number; readonly order: number } {
  return "sendAt" in call ? { at: call.sendAt, order: call.sendOrder } : call;
}

function isForgotten({ processes }: Ledger, { process, sentOrder }: Ask, order: number): boolean {
  const life = lifeAt(processes.lives, process, sentOrder);
  return life !== undefined && life.endOrder < order;
}
