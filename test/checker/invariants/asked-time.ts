/** The times that targets asked for, as processes heard of them. */
import type { Ledger } from "../ledger/ledger.ts";
import { NEVER, NONE, type Attempt, type Target } from "../ledger/rows.ts";

/** A target cannot stop itself for longer, ms. */
const RETRY_AFTER_MAX_MS = 900_000;

/** How much earlier than asked a call may come, ms. */
export const EARLY_MS = 1_000;

/** A wait that a target asked for, as one process heard of it. */
export interface Ask {
  readonly process: number;
  /** From when on the process was there to hear of it. */
  readonly sentOrder: number;
  readonly heardAt: number;
  readonly heardOrder: number;
  readonly retryAfterMs: number;
}

/** When a wait is over. */
export function endOf({ heardAt, retryAfterMs }: Pick<Ask, "heardAt" | "retryAfterMs">): number {
  return heardAt + Math.min(retryAfterMs, RETRY_AFTER_MAX_MS);
}

/** What processes heard from the target itself, in no order; by the senders' word, or else by the target's. */
export function asksOfTarget({ parties }: Ledger, target: Target): Ask[] {
  return parties.has("attempt") ? asksHeard(target) : asksAnswered(target);
}

/** What processes were told by each other, in no order. */
export function asksTold({ throttles }: Target): Ask[] {
  return throttles.flatMap(({ ev, process, at, order, forMs }) => {
    if (ev !== "told" || forMs <= EARLY_MS) return [];
    return [{ process, sentOrder: order, heardAt: at, heardOrder: order, retryAfterMs: forMs }];
  });
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
