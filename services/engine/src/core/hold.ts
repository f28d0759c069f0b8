/**
 * Why the whole target waits, by what its answers say. Two reasons, which may stand at once:
 *
 * - throttled (429, or 503 with Retry-After): nothing starts before a time.
 * - misconfigured (401, 403, 3xx, TLS, blocked address): one probe at a time, a probe interval apart, until one gets
 *   through.
 *
 * Only answers to attempts that began after the hold count: the others, up to a whole target's worth in flight, say
 * again what is known already.
 */
import type { AttemptResult, MisconfiguredReason } from "./attempt-result.ts";
import { RETRY_AFTER_MAX_MS } from "./config.ts";
import type { StepContext } from "./context.ts";
import type { Delivery } from "./delivery.ts";

/** The holds of one target. */
export interface Hold<Payload> {
  /** Monotonic ms before which nothing starts. */
  throttledUntil: number;
  /** Throttled answers in a row that told no time to wait. */
  throttleCount: number;
  misconfigured: Misconfigured<Payload> | null;
  /** Monotonic ms since which the target waits; null while it does not. */
  heldSince: number | null;
  /** Time it waited before that, ms. */
  heldMs: number;
}

interface Misconfigured<Payload> {
  /** Monotonic ms before which no probe starts. */
  probeAt: number;
  /** The attempt that tries, or null between two. */
  probe: Delivery<Payload> | null;
}

/** Nothing holds. */
export function createHold<P>(): Hold<P> {
  return { throttledUntil: 0, throttleCount: 0, misconfigured: null, heldSince: null, heldMs: 0 };
}

/** Whether an attempt may start. */
export function mayStart<P>({ throttledUntil, misconfigured }: Hold<P>, now: number): boolean {
  if (now < throttledUntil) return false;
  return misconfigured === null || (misconfigured.probe === null && now >= misconfigured.probeAt);
}

/** Monotonic ms at which an attempt may start; Infinity while a probe is out. */
export function mayStartAt<P>({ throttledUntil, misconfigured }: Hold<P>): number {
  if (misconfigured === null) return throttledUntil;
  return misconfigured.probe === null ? Math.max(throttledUntil, misconfigured.probeAt) : Infinity;
}

/** The monotonic clock less the time the target waited: what a retry horizon is measured by. */
export function workingTime<P>({ heldSince, heldMs }: Hold<P>, now: number): number {
  return (heldSince ?? now) - heldMs;
}

/** An attempt starts; under a misconfigured target it is the probe. */
export function noteStart<P>({ misconfigured }: Hold<P>, delivery: Delivery<P>): void {
  if (misconfigured !== null) misconfigured.probe = delivery;
}

/** Takes what an attempt's end says of the whole target, whoever owns its partition by now. */
export function heed<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): void {
  const { hold } = context.state;
  const isProbe = hold.misconfigured?.probe === delivery;
  if (result.kind === "throttled") throttle(context, delivery, result.retryAfterMs);
  if (result.kind === "misconfigured") {
    if (isProbe || hold.misconfigured === null) misconfigure(context, result.reason);
    return;
  }
  if (result.kind === "delivered") hold.throttleCount = 0;
  if (!isProbe || hold.misconfigured === null) return;
  const isProof = result.kind === "delivered" || result.kind === "rejected";
  if (isProof) hold.misconfigured = null;
  else hold.misconfigured.probe = null;
  // An attempt that we gave up says nothing, so the next may follow at once.
  if (hold.misconfigured !== null && result.kind !== "abandoned") {
    hold.misconfigured.probeAt = context.now + context.state.config.probeIntervalMs;
  }
  endHold(context);
}

/** Says that the target goes on, once nothing holds it any more. */
export function endHold<P>({ state: { hold }, effects, now }: StepContext<P>): void {
  if (hold.heldSince === null || hold.misconfigured !== null || now < hold.throttledUntil) return;
  hold.heldMs += now - hold.heldSince;
  hold.heldSince = null;
  effects.push({ kind: "target-released" });
}

/**
 * The target says it is asked too much. A wait it tells holds from every answer; without one, or with one too short to
 * mean anything, the wait doubles with each answer to an attempt that began after the last.
 */
function throttle<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  retryAfterMs: number | null,
): void {
  const { state, now } = context;
  const { hold } = state;
  const { baseMs, capMs } = state.config.retry;
  let wait = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  if (wait < baseMs) {
    if (delivery.startedAt < hold.throttledUntil) return;
    wait = Math.min(capMs, baseMs * 2 ** Math.min(hold.throttleCount, 40));
    hold.throttleCount += 1;
  }
  if (now + wait <= hold.throttledUntil) return;
  hold.throttledUntil = now + wait;
  beginHold(context, "HTTP_THROTTLED");
}

function misconfigure<P>(context: StepContext<P>, reason: MisconfiguredReason): void {
  const { state, now } = context;
  state.hold.misconfigured = { probeAt: now + state.config.probeIntervalMs, probe: null };
  beginHold(context, reason);
}

function beginHold<P>({ state: { hold }, effects, now }: StepContext<P>, reason: string): void {
  hold.heldSince ??= now;
  effects.push({ kind: "target-held", reason, until: mayStartAt(hold) });
}
