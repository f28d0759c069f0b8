/**
 * What a target that is asked too much (429, or 503 with Retry-After) has asked for: nothing starts before a time. It is
 * asked of one process and meant for all: a wait that the target told is told on to the others, and theirs holds here.
 *
 * I39: a wait that a process was told by another holds it as its own would, for no longer than the cap, and is told to
 * nobody again. So what goes around ends with the wait, however many processes there are.
 */
import type { AttemptResult } from "../lanes/attempt-result.ts";
import { backoffBoundMs } from "../lanes/backoff.ts";
import { RETRY_AFTER_MAX_MS } from "../config.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";

/** How long a target is to be left alone, and who knows of it. Times are monotonic ms. */
export interface Throttle {
  /** Nothing starts before. */
  until: number;
  /** The process that told of that; null: an answer of this one's own. */
  toldBy: string | null;
  /** Throttled answers in a row that told no time to wait. */
  untoldCount: number;
  /** What answers of this process's own have told, at the longest. */
  askedUntil: number;
  /** What the other processes know, from here or from each other, at the longest. */
  knownUntil: number;
  /** The others are told nothing before. */
  tellsAt: number;
}

/** What is over sooner is not told to the others: they hear of it about as late, ms. */
export const TELL_MIN_MS = 2_000;
/** What lengthens a wait that they know by less is not told to them either, ms: all that was in flight says it again. */
export const TELL_MORE_MS = 1_000;
/** Least time between two times that they are told, ms. */
export const TELL_INTERVAL_MS = 1_000;

/** Nothing was asked for. */
export function createThrottle(): Throttle {
  return { until: 0, toldBy: null, untoldCount: 0, askedUntil: 0, knownUntil: 0, tellsAt: 0 };
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
  } else {
    throttle.askedUntil = Math.max(throttle.askedUntil, now + wait);
  }
  return lengthen(throttle, now + wait, null);
}

/**
 * Another process was asked to wait for so long from now on.
 * @returns whether the target waits longer than it did.
 */
export function takeThrottle<P>(
  { state: { hold }, now }: StepContext<P>,
  { forMs, by }: { readonly forMs: number; readonly by: string },
): boolean {
  const { throttle } = hold;
  if (!(forMs > 0)) return false;
  const until = now + Math.min(forMs, RETRY_AFTER_MAX_MS);
  throttle.knownUntil = Math.max(throttle.knownUntil, until);
  return lengthen(throttle, until, by);
}

/** Has the other processes told what they do not know and would hear of in time. */
export function tellThrottle<P>({ state, effects, now }: StepContext<P>): void {
  const { throttle } = state.hold;
  if (now < throttle.tellsAt || !isWorthTelling(throttle, now)) return;
  throttle.knownUntil = throttle.askedUntil;
  throttle.tellsAt = now + TELL_INTERVAL_MS;
  effects.push({ kind: "throttled", until: throttle.askedUntil });
}

/** Monotonic ms at which the others are to be told, ahead of now; Infinity: nothing is left to tell. */
export function nextTellAt(throttle: Throttle, now: number): number {
  const { tellsAt } = throttle;
  return now < tellsAt && isWorthTelling(throttle, tellsAt) ? tellsAt : Infinity;
}

function isWorthTelling({ askedUntil, knownUntil }: Throttle, at: number): boolean {
  return askedUntil - at >= TELL_MIN_MS && askedUntil - knownUntil >= TELL_MORE_MS;
}

function lengthen(throttle: Throttle, until: number, toldBy: string | null): boolean {
  if (until <= throttle.until) return false;
  throttle.until = until;
  throttle.toldBy = toldBy;
  return true;
}
