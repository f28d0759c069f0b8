import type { AttemptResult } from "../lanes/attempt-result.ts";
import { backoffBoundMs } from "../lanes/backoff.ts";
import { RETRY_AFTER_MAX_MS } from "../config.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";

/** What a target that is asked too much (429, or 503 with Retry-After) has asked for: nothing starts before a time. */
export interface Throttle {
  /** Monotonic ms before which nothing starts. */
  until: number;
  /** Throttled answers in a row that told no time to wait. */
  untoldCount: number;
}

/** Nothing was asked for. */
export function createThrottle(): Throttle {
  return { until: 0, untoldCount: 0 };
}

/**
 * A wait that an answer tells holds whoever gave it; without one, or with one too short to mean anything, the wait
 * doubles with each answer to an attempt that began after the last: the others, up to a whole target's worth in
 * flight, say again what is known already.
 * @returns whether the target waits longer than it did.
 */
export function heedThrottle<P>(
  { state, now }: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): boolean {
  const { throttle } = state.hold;
  if (result.kind === "delivered") throttle.untoldCount = 0;
  if (result.kind !== "throttled") return false;
  const { retry } = state.config;
  let wait = Math.min(result.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  if (wait < retry.baseMs) {
    if (delivery.startedAt < throttle.until) return false;
    throttle.untoldCount += 1;
    wait = backoffBoundMs(retry, throttle.untoldCount);
  }
  if (now + wait <= throttle.until) return false;
  throttle.until = now + wait;
  return true;
}
