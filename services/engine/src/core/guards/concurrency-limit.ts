/**
 * How many attempts a target takes at once: additive increase, multiplicative decrease under the hard cap, as TCP does it
 * (RFC 5681). It starts at the cap, which is what people gave the target, and leaves it only for a reason:
 *
 * - the target throttles, or a third of a round trip's calls fail;
 * - most of a round trip's calls take far longer than they long did, while the limit is in use. Then it does not fall
 *   below what serves the same throughput at the old latency (Little's law): less would slow a target that is only far
 *   away, and one that queues needs no more.
 *
 * Choices and their reasons: SPEC.md, section 4. Sources: Netflix concurrency-limits (AIMDLimit, Gradient2Limit,
 * WindowedLimit), Envoy's adaptive concurrency filter. Neither fits as it is: Gradient2 shrinks at any lasting change
 * of latency, Envoy measures by taking the load away, and AIMD takes any error for overload.
 */
import type { AttemptResult } from "../lanes/attempt-result.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";
import { ownSlots } from "./slots.ts";
import type { EngineState } from "../state.ts";

/** What is known of a target's capacity. Changed at each attempt's end, in constant time, without allocation. */
export interface ConcurrencyLimit {
  /** Attempts in flight over all processes, from 1 to the cap; of a fraction the whole counts. */
  value: number;
  /** Where the present fall began, or the last one; below half of it the limit doubles each round trip. */
  peak: number;
  isFalling: boolean;
  /** Monotonic ms; attempts that began by then ran under an earlier limit. */
  countsAfter: number;
  readonly calls: CallCount;
  readonly latency: LatencyCount;
  /** Usual latency of a delivered call, ms; null until it was measured. */
  usualMs: number | null;
}

/** The calls of about one round trip. */
interface CallCount {
  count: number;
  failureCount: number;
}

/** The latencies of delivered calls over a while. */
interface LatencyCount {
  /** Monotonic ms. */
  since: number;
  count: number;
  slowCount: number;
  /** Each bounded. */
  sumMs: number;
  /** At least half of the slots were taken at some time. */
  wasInUse: boolean;
}

/** What is left of the limit after each decrease. */
export const DECREASE = 0.9;
/** Part of a window's calls that must fail for a decrease. */
export const FAILING_RATIO = 1 / 3;
/** A call is slow that takes more than so many times the usual latency, and so much longer, ms. */
export const SLOW_TIMES = 2;
export const SLOW_MORE_MS = 10;
/** Part of the cap below which slow calls alone do not push the limit. */
export const SLOW_FLOOR = 1 / 4;
/** Calls are judged once there are a limit's worth of them, and so many; latencies no sooner than after so long, ms. */
export const JUDGED_CALLS_MIN = 16;
export const JUDGED_MS_MIN = 250;
/** How fast the usual latency follows the measured one: up, and down, ms. */
export const USUAL_UP_MS = 60_000;
export const USUAL_DOWN_MS = 5_000;
/** One call counts at most so many times as much as one that is just slow. */
const OUTLIER_TIMES = 4;

/** The limit at its cap. */
export function createConcurrencyLimit(cap: number, now: number): ConcurrencyLimit {
  return {
    value: cap,
    peak: cap,
    isFalling: false,
    countsAfter: -Infinity,
    calls: { count: 0, failureCount: 0 },
    latency: { since: now, count: 0, slowCount: 0, sumMs: 0, wasInUse: false },
    usualMs: null,
  };
}

/** Takes what an attempt's end says of the target's capacity. */
export function adaptLimit<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): void {
  const { state, now } = context;
  const { limit } = state;
  const { stage } = state.hold.breaker;
  // An open breaker's probes say whether the target is there, not what it can take.
  if (delivery.startedAt <= limit.countsAfter || stage === "open" || stage === "half-open") return;
  switch (result.kind) {
    case "delivered":
      noteDelivered(context, delivery.lastDurationMs);
      return judge(state, now);
    case "rejected":
      grow(context);
      limit.calls.count += 1;
      return judge(state, now);
    case "retry":
      limit.calls.count += 1;
      if (result.status === null || result.status >= 500) limit.calls.failureCount += 1;
      return judge(state, now);
    case "throttled":
      return fall(state, now, { by: DECREASE, floor: 1 });
    case "misconfigured":
    case "undeliverable":
    case "abandoned":
  }
}

/** The breaker lets calls through again: what was in flight when it opened was too much, perhaps, so half of it is. */
export function halveLimit<P>({ state, now }: StepContext<P>): void {
  fall(state, now, { by: 1 / 2, floor: 1 });
}

/** A call that takes longer is slow, ms; Infinity until it is known how long calls take. */
export function slowCallMs({ usualMs }: ConcurrencyLimit): number {
  return usualMs === null ? Infinity : SLOW_TIMES * usualMs + SLOW_MORE_MS;
}

function noteDelivered<P>(context: StepContext<P>, latencyMs: number): void {
  const { limit } = context.state;
  const { calls, latency } = limit;
  const slowMs = slowCallMs(limit);
  calls.count += 1;
  latency.count += 1;
  latency.sumMs += Math.min(latencyMs, OUTLIER_TIMES * slowMs);
  latency.wasInUse ||= isInUse(context);
  if (latencyMs > slowMs) latency.slowCount += 1;
  else grow(context);
}

/** Attempts that end together were in flight together. */
function isInUse<P>({ state, inFlightBefore }: StepContext<P>): boolean {
  return 2 * inFlightBefore >= ownSlots(state);
}

/** One more for each limit's worth of answers; twice as many below half of where the last fall began. */
function grow<P>(context: StepContext<P>): void {
  const { state } = context;
  const { limit, config, share } = state;
  if (limit.value >= config.concurrencyMax || !isInUse(context)) return;
  const step = limit.value < limit.peak / 2 ? 1 / share : 1 / ownSlots(state);
  limit.value = Math.min(config.concurrencyMax, limit.value + step);
  limit.isFalling = false;
}

function judge<P>(state: EngineState<P>, now: number): void {
  const { limit } = state;
  const { calls, latency } = limit;
  const enough = Math.max(JUDGED_CALLS_MIN, ownSlots(state));
  if (calls.count >= enough) {
    if (calls.failureCount >= FAILING_RATIO * calls.count) {
      return fall(state, now, { by: DECREASE, floor: 1 });
    }
    calls.count = 0;
    calls.failureCount = 0;
  }
  if (latency.count >= enough && now - latency.since >= JUDGED_MS_MIN) judgeLatency(state, now);
}

function judgeLatency<P>(state: EngineState<P>, now: number): void {
  const { limit, config } = state;
  const { since, count, slowCount, sumMs, wasInUse } = limit.latency;
  const meanMs = sumMs / count;
  const usualMs = limit.usualMs ?? meanMs;
  limit.usualMs = follow(usualMs, meanMs, now - since);
  if (!wasInUse || 2 * slowCount <= count) return clear(limit.latency, now);
  const peak = limit.isFalling ? limit.peak : limit.value;
  const needed = (peak * SLOW_TIMES * usualMs) / meanMs;
  const floor = Math.max(1, SLOW_FLOOR * config.concurrencyMax, needed);
  fall(state, now, { by: DECREASE, floor });
}

/** An exponential average over time, however many calls it had. */
function follow(usualMs: number, meanMs: number, lastedMs: number): number {
  const paceMs = meanMs < usualMs ? USUAL_DOWN_MS : USUAL_UP_MS;
  return usualMs + ((meanMs - usualMs) * lastedMs) / (lastedMs + paceMs);
}

function fall<P>(
  { limit }: EngineState<P>,
  now: number,
  { by, floor }: { readonly by: number; readonly floor: number },
): void {
  if (!limit.isFalling) limit.peak = limit.value;
  limit.isFalling = true;
  limit.value = Math.min(limit.value, Math.max(floor, limit.value * by));
  limit.countsAfter = now;
  limit.calls.count = 0;
  limit.calls.failureCount = 0;
  clear(limit.latency, now);
}

function clear(latency: LatencyCount, now: number): void {
  latency.since = now;
  latency.count = 0;
  latency.slowCount = 0;
  latency.sumMs = 0;
  latency.wasInUse = false;
}
