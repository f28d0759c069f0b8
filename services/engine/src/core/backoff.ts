import type { RetryConfig } from "./config.ts";

/**
 * The wait before the next attempt: full jitter, uniform from 0 to the doubled bound.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * @param failureCount charged failures so far, at least 1.
 * @param random uniform in [0, 1).
 * @returns ms, from 0 to the cap.
 */
export function backoffMs(retry: RetryConfig, failureCount: number, random: number): number {
  const bound = Math.min(retry.capMs, retry.baseMs * 2 ** Math.min(failureCount - 1, 40));
  return random * bound;
}
