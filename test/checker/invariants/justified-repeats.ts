import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isTakenOver, type Takeover, takeoversOf } from "../ledger/takeovers.ts";
import {
  type Arrival,
  type Attempt,
  type Delivery,
  isAccepting,
  NEVER,
  NONE,
} from "../ledger/rows.ts";

/** A target's clock and a sender's deadline may differ by this much where only the target wrote, ms. */
const DEADLINE_SLACK_MS = 250;

/** S12. */
export const justifiedRepeats: Invariant = {
  title:
    "every repeated arrival has its reason: an open end, a change of owner, a redrive or replay",
  needs: [["recv"], ["log"], ["commit", "seen"]],
  judge(ledger, findings) {
    const isByAttempts = ledger.parties.has("attempt");
    const orders = jobOrders(ledger);
    for (const channel of channelsOf(ledger)) {
      const takeovers = takeoversOf(ledger, channel);
      for (const delivery of channel.deliveries) {
        const { firstArrival } = delivery;
        if (firstArrival === null) continue;
        findings.judged();
        if (isByAttempts) judgeCount(delivery, findings);
        if (firstArrival.next === null) continue;
        if (isByAttempts) judgeAttempts(delivery, { takeovers, orders, findings });
        else judgeArrivals(delivery, { ledger, takeovers, orders, findings });
      }
    }
  },
};

const ASKED: ReadonlySet<string> = new Set(["redrive", "discard", "replay"]);

interface Judging {
  readonly takeovers: readonly Takeover[];
  /** When each job was asked for; more than once where it was asked again. */
  readonly orders: ReadonlyMap<number, readonly number[]>;
  readonly findings: Findings;
}

function jobOrders({ operations, names }: Ledger): ReadonlyMap<number, readonly number[]> {
  const orders = new Map<number, number[]>();
  for (const { line, order } of operations) {
    if (!ASKED.has(line.f) || line.job === undefined) continue;
    const job = names.jobOf(line.job);
    orders.set(job, [...(orders.get(job) ?? []), order]);
  }
  return orders;
}

/** Nothing arrives that was not sent: no hedging below the engine. */
function judgeCount(delivery: Delivery, findings: Findings): void {
  let balance = 0;
  for (let one = delivery.firstAttempt; one !== null; one = one.next) balance += 1;
  for (let one = delivery.firstArrival; one !== null; one = one.next) balance -= 1;
  if (balance < 0) findings.breach(() => "arrives more often than it was sent", delivery);
}

/** With the senders' word: each attempt but the first needs a reason of its own. */
function judgeAttempts(delivery: Delivery, { takeovers, orders, findings }: Judging): void {
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    const { sendOrder, job } = one;
    if (!hasArrived(delivery, sendOrder)) continue;
    const before = lastOfOwner(delivery, one);
    if (before !== null) {
      const isAskedAgain = (orders.get(job) ?? []).some(
        (order) => order > before.sendOrder && order < sendOrder,
      );
      const isOver = before.endOrder < sendOrder && mayRepeat(before);
      if (isOver || isAskedAgain) continue;
      const what = before.endOrder < sendOrder ? "was taken" : "is open";
      findings.breach(() => `is sent again by an owner whose attempt ${what}`, delivery);
      continue;
    }
    if (job !== NONE) continue;
    const takeover = takeovers.find(({ epoch }) => epoch.number === one.epoch);
    if (takeover === undefined || !isTakenOver(takeover, delivery)) continue;
    findings.breach(() => `is sent again by epoch ${one.epoch}, which took over its end`, delivery);
  }
}

function hasArrived({ firstArrival }: Delivery, before: number): boolean {
  return firstArrival !== null && firstArrival.order < before;
}

/** The attempt of the same owner and job before this one. */
function lastOfOwner({ firstAttempt }: Delivery, attempt: Attempt): Attempt | null {
  let last: Attempt | null = null;
  for (let one = firstAttempt; one !== null && one !== attempt; one = one.next) {
    const isOwner = one.epoch === attempt.epoch && one.process === attempt.process;
    if (isOwner && one.job === attempt.job) last = one;
  }
  return last;
}

function mayRepeat({ outcome, isAmbiguous }: Attempt): boolean {
  return isAmbiguous || (outcome !== "delivered" && outcome !== "undeliverable");
}

/**
 * Without it: each arrival but the first uses up a reason: an earlier one that may be repeated, or an owner that took
 * over without its end. Where the target knows whose request it was, owners are judged apart.
 */
function judgeArrivals(
  delivery: Delivery,
  { ledger, takeovers, orders, findings }: Judging & { readonly ledger: Ledger },
): void {
  const counts = new Map<number, Budget>();
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    const owner = ownerOf(one, takeovers);
    const group = one.job * 0x10000 + (owner === null ? NONE : takeovers.indexOf(owner));
    let budget = counts.get(group);
    if (budget === undefined) {
      budget = { count: 0, reasons: 0 };
      counts.set(group, budget);
      const isRepeat = one !== delivery.firstArrival && one.job === NONE;
      if (isRepeat && owner !== null && isTakenOver(owner, delivery)) {
        const { number } = owner.epoch;
        findings.breach(
          () => `arrives again from epoch ${number}, which took over its end`,
          delivery,
        );
      }
    }
    const asked = (orders.get(one.job) ?? []).length;
    const mayGhost = one.isBroken || one.answerOrder === NEVER ? 1 : 0;
    const changes = owner === null && one.job === NONE ? takeoverCount(one, takeovers) : 0;
    if (budget.count > budget.reasons + mayGhost + changes + Math.max(0, asked - 1)) {
      findings.breach(() => `arrives again (${one.id}) without a reason`, delivery);
    }
    budget.count += 1;
    if (mayArriveAgain(one, ledger)) budget.reasons += 1;
  }
}

interface Budget {
  /** Arrivals so far. */
  count: number;
  reasons: number;
}

/** The owner whose request it was; null where the target cannot tell. */
function ownerOf({ process, order }: Arrival, takeovers: readonly Takeover[]): Takeover | null {
  if (process === NONE) return null;
  return (
    takeovers.findLast(({ epoch }) => epoch.process === process && epoch.startOrder <= order) ??
    null
  );
}

/** Owners that took over since the first request may have been sent, and did not take over its end. */
function takeoverCount({ delivery, order }: Arrival, takeovers: readonly Takeover[]): number {
  const since = (delivery.firstArrival?.at ?? 0) - delivery.channel.target.terms.timeoutMs;
  const isOpen = (takeover: Takeover): boolean => {
    const { epoch, before } = takeover;
    const isLater = epoch.startAt > since && epoch.startOrder <= order;
    return before !== null && isLater && !isTakenOver(takeover, delivery);
  };
  return takeovers.filter(isOpen).length;
}

function mayArriveAgain(arrival: Arrival, ledger: Ledger): boolean {
  const { status, isWhole, isBroken, delivery, answerAt, at } = arrival;
  const { target } = delivery.channel;
  if (isBroken || !isWhole || !isAccepting(target, status)) return true;
  if (answerAt - at >= target.terms.timeoutMs - DEADLINE_SLACK_MS) return true;
  return ledger.processes.lives.some(({ process, stops }) => {
    if (arrival.process !== NONE && process !== arrival.process) return false;
    return isStopped(stops, at, answerAt);
  });
}

/**
 * A process that is stopped before it has read its answer may find its deadline passed; so may one that was stopped
 * between the beginning of its call and the sending.
 */
function isStopped(stops: readonly number[], from: number, to: number): boolean {
  for (let index = 0; index < stops.length; index += 2) {
    const stoppedAt = stops[index] ?? NEVER;
    const continuedAt = stops[index + 1] ?? NEVER;
    const isBefore = stoppedAt <= to + DEADLINE_SLACK_MS;
    if (isBefore && continuedAt >= from - DEADLINE_SLACK_MS) return true;
  }
  return false;
}
