import type { Findings, Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../ledger/processes.ts";
import { type Arrival, type Attempt, NEVER, NONE, type Target } from "../ledger/rows.ts";

/** A target cannot stop itself for longer, ms. */
const RETRY_AFTER_MAX_MS = 900_000;

/** How much earlier than asked a call may come, ms. */
const EARLY_MS = 1_000;

/** Where only the target wrote: what its answers take to be heard, and requests to arrive, ms. */
const TRANSIT_MS = 1_000;

/** S17. */
export const targetLimits: Invariant = {
  title: "rate, concurrency and Retry-After are kept, per target over all its processes",
  needs: [["attempt", "recv"]],
  judge(ledger, findings) {
    const isByAttempts = ledger.parties.has("attempt");
    for (const target of ledger.targets) {
      const calls = isByAttempts
        ? target.attempts.map((attempt) => ofAttempt(attempt, ledger))
        : target.arrivals.map(ofArrival);
      const changes = ownerStarts(target);
      const slackMs = isByAttempts ? 0 : TRANSIT_MS;
      judgeRate(calls, { target, changes, slackMs, findings });
      judgeConcurrency(calls, { target, changes, slackMs, findings });
      judgeRetryAfter(calls, { ledger, findings });
    }
  },
};

/** A call, by whoever told of it. */
interface Call {
  readonly source: Attempt | Arrival;
  readonly process: number;
  readonly at: number;
  readonly order: number;
  /** When it stopped to load the target, from our side. */
  readonly endAt: number;
  readonly endOrder: number;
  /** What the target asked to wait, ms; NONE for nothing. */
  readonly retryAfterMs: number;
}

/** A process that took partitions of a target: its share of the limits begins anew. */
interface OwnerStart {
  readonly process: number;
  readonly at: number;
}

function ofAttempt(source: Attempt, { processes }: Ledger): Call {
  const { process, sendAt: at, sendOrder: order, delivery, epoch, status } = source;
  const life = lifeOf(processes.lives, process, order);
  const owner = delivery.channel.epochs.find(({ number }) => number === epoch);
  const endOrder = Math.min(source.endOrder, life?.endOrder ?? NEVER, owner?.endOrder ?? NEVER);
  const endAt = Math.min(source.endAt, life?.endAt ?? NEVER, owner?.endAt ?? NEVER);
  const isThrottled = (status === 429 || status === 503) && source.outcome === "throttled";
  const retryAfterMs = isThrottled ? askedBetween(source) : NONE;
  return { source, process, at, order, endAt, endOrder, retryAfterMs };
}

function ofArrival(source: Arrival): Call {
  const { process, at, order, answerAt, status, isWhole, isBroken } = source;
  const endAt = Math.min(answerAt, at + source.delivery.channel.target.terms.timeoutMs);
  const isThrottled = (status === 429 || status === 503) && isWhole && !isBroken;
  const retryAfterMs = isThrottled ? source.retryAfterMs : NONE;
  return { source, process, at, order, endAt, endOrder: source.answerOrder, retryAfterMs };
}

function lifeOf(lives: readonly Life[], process: number, order: number): Life | undefined {
  return lives.find((life) => {
    return life.process === process && life.startOrder <= order && order < life.endOrder;
  });
}

/** The wait that was told to an attempt, by the arrival that it made. */
function askedBetween({ delivery, sendOrder, endOrder }: Attempt): number {
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    if (one.order > sendOrder && one.answerOrder < endOrder) {
      if (one.retryAfterMs !== NONE) return one.retryAfterMs;
    }
  }
  return NONE;
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

interface Judging {
  readonly target: Target;
  readonly changes: readonly OwnerStart[];
  readonly slackMs: number;
  readonly findings: Findings;
}

/**
 * A bucket that is filled as the promise allows and must never run dry. Each process that takes partitions may come with
 * a full burst of its own share, since buckets know nothing of each other.
 */
function judgeRate(calls: readonly Call[], { target, changes, slackMs, findings }: Judging): void {
  const { rate } = target.terms;
  if (rate === null) return;
  const perMs = rate.perSecond / 1_000;
  const capacity = Math.max(1, rate.burst) + ownersOf(changes) + slackMs * perMs;
  let tokens = capacity;
  let filledAt = 0;
  let next = 0;
  for (const { source, at } of calls) {
    findings.judged();
    tokens = Math.min(capacity, tokens + (at - filledAt) * perMs);
    filledAt = at;
    for (; (changes[next]?.at ?? NEVER) <= at; next += 1) {
      tokens = Math.min(capacity, tokens + Math.max(1, rate.burst));
    }
    tokens -= 1;
    if (tokens > -0.01) continue;
    const { perSecond, burst } = rate;
    findings.breach(() => `comes above ${perSecond}/s with bursts of ${burst}`, source.delivery);
    tokens = 0;
  }
}

/** How many processes own parts of a target at most; each may have one slot more than its share. */
function ownersOf(changes: readonly OwnerStart[]): number {
  return Math.max(0, new Set(changes.map(({ process }) => process)).size - 1);
}

function judgeConcurrency(
  calls: readonly Call[],
  { target, changes, slackMs, findings }: Judging,
): void {
  const ends = calls.map(({ endAt, endOrder }) => ({ endAt, endOrder }));
  ends.sort((a, b) => a.endOrder - b.endOrder);
  const limit = target.terms.concurrencyMax + ownersOf(changes);
  let open = 0;
  let ended = 0;
  for (const { source, order, at } of calls) {
    findings.judged();
    open += 1;
    for (let end = ends[ended]; end !== undefined; end = ends[ended]) {
      if (end.endOrder >= order && (slackMs === 0 || end.endAt > at)) break;
      open -= 1;
      ended += 1;
    }
    if (open <= limit) continue;
    const count = open;
    findings.breach(() => `is one of ${count} calls in flight`, source.delivery);
  }
}

/** A process keeps to what it was told; it knows nothing of it any more when it has started anew. */
function judgeRetryAfter(
  calls: readonly Call[],
  { ledger, findings }: { readonly ledger: Ledger; readonly findings: Findings },
): void {
  const told = calls.filter(({ retryAfterMs, endOrder }) => {
    return retryAfterMs > EARLY_MS && endOrder !== NEVER;
  });
  if (told.length === 0) return;
  told.sort((a, b) => a.endOrder - b.endOrder);
  const isByAttempts = ledger.parties.has("attempt");
  const heard = new Map<number, Call>();
  let next = 0;
  for (const call of calls) {
    for (let one = told[next]; one !== undefined && one.endOrder < call.order; one = told[next]) {
      const known = heard.get(one.process);
      if (known === undefined || untilOf(known) < untilOf(one)) heard.set(one.process, one);
      next += 1;
    }
    const hold = heard.get(call.process);
    if (hold === undefined) continue;
    findings.judged();
    if (call.at >= untilOf(hold) || isForgotten(ledger, hold, call)) continue;
    if (!isByAttempts && (call.process === NONE || call.at < hold.endAt + TRANSIT_MS)) continue;
    const seconds = hold.retryAfterMs / 1_000;
    findings.breach(
      () => `comes before the ${seconds} s that were asked for`,
      call.source.delivery,
    );
  }
}

function untilOf({ endAt, retryAfterMs }: Call): number {
  return endAt + Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) - EARLY_MS;
}

function isForgotten({ processes }: Ledger, hold: Call, call: Call): boolean {
  const life = lifeOf(processes.lives, hold.process, hold.order);
  return life !== undefined && life.endOrder < call.order;
}
