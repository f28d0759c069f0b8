import type { RetryConfig } from "../config.ts";

/**
 * The wait before the next attempt: full jitter, uniform from 0 to the doubled bound.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * @param failureCount charged failures so far, at least 1.
 * @param random uniform in [0, 1).
 * @returns ms, from 0 to the cap.
 */
export function backoffMs(retry: RetryConfig, failureCount: number, random: number): number {
  return random * backoffBoundMs(retry, failureCount);
}

/** The longest that wait may be: doubled with each failure, up to the cap; ms. */
export function backoffBoundMs({ baseMs, capMs }: RetryConfig, failureCount: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(failureCount - 1, 40));
}

/** Longest wait between a commit or note of progress that failed and the next, ms. */
const WRITE_RETRY_MAX_MS = 1_000;

/**
 * The wait before what the state topic or the group did not take is written again: the interval, doubled with each
 * failure.
 * @param failureCount failures in a row, at least 1.
 */
export function writeRetryMs(intervalMs: number, failureCount: number): number {
  return Math.min(WRITE_RETRY_MAX_MS, intervalMs * 2 ** Math.min(failureCount, 10));
}
