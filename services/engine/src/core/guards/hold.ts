/**
 * Why the whole target waits. Each reason has a guard of its own, and all may hold at once: the target goes on when the
 * last lets it. While it is held, the clock of the retry horizon stands still.
 *
 * - throttled (`throttle.ts`): the target asked for time, this process or another one.
 * - misconfigured (`misconfiguration.ts`): the target does not take us as we are configured.
 * - broken (`breaker.ts`): the target, or the way to it, fails.
 * - paused (`pause.ts`): people, or the flood guard of dead letters, want it so.
 */
import type { AttemptResult } from "../lanes/attempt-result.ts";
import {
  breakerAllowsAt,
  createBreaker,
  heedBreaker,
  isOpen,
  isSparedProbe,
  noteBreakerStart,
  type Breaker,
} from "./breaker.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";
import {
  createMisconfiguration,
  heedMisconfiguration,
  noteProbe,
  probeAllowedAt,
  type Misconfiguration,
} from "./misconfiguration.ts";
import { isPaused, type Pauses } from "./pause.ts";
import { createThrottle, heedThrottle, takeThrottle, type Throttle } from "./throttle.ts";

/** The guards of one target, and how long they held it. */
export interface Hold<Payload> {
  readonly throttle: Throttle;
  readonly misconfiguration: Misconfiguration<Payload>;
  readonly breaker: Breaker<Payload>;
  readonly pauses: Pauses;
  /** Monotonic ms since which the target waits; null while it does not. */
  heldSince: number | null;
  /** Time it waited before that, ms. */
  heldMs: number;
}

/** Nothing holds. */
export function createHold<P>(): Hold<P> {
  return {
    throttle: createThrottle(),
    misconfiguration: createMisconfiguration(),
    breaker: createBreaker(),
    pauses: new Set(),
    heldSince: null,
    heldMs: 0,
  };
}

/** Whether an attempt may start. */
export function mayStart<P>(hold: Hold<P>, now: number): boolean {
  return now >= mayStartAt(hold);
}

/** Monotonic ms at which an attempt may start; Infinity while a probe is out, or a pause stands. */
export function mayStartAt<P>(hold: Hold<P>): number {
  if (isPaused(hold)) return Infinity;
  const { throttle, misconfiguration, breaker } = hold;
  return Math.max(throttle.until, probeAllowedAt(misconfiguration), breakerAllowsAt(breaker));
}

/** The monotonic clock less the time the target waited: what a retry horizon is measured by. */
export function workingTime<P>({ heldSince, heldMs }: Hold<P>, now: number): number {
  return (heldSince ?? now) - heldMs;
}

/** An attempt starts; it may be a guard's probe. */
export function noteStart<P>(hold: Hold<P>, delivery: Delivery<P>): void {
  noteProbe(hold.misconfiguration, delivery);
  noteBreakerStart(hold.breaker, delivery);
}

/** Whether the attempt's failure is not charged to its event, since it tries for an open breaker. */
export function isSpared<P>({ breaker }: Hold<P>, delivery: Delivery<P>): boolean {
  return isSparedProbe(breaker, delivery);
}

/** Takes what an attempt's end says of the whole target, whoever owns its partition by now. */
export function heed<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): void {
  if (heedThrottle(context, delivery, result)) beginHold(context, "HTTP_THROTTLED");
  const misconfigured = heedMisconfiguration(context, delivery, result);
  if (misconfigured !== null) beginHold(context, misconfigured);
  if (heedBreaker(context, delivery, result)) beginHold(context, "BREAKER_OPEN");
  endHold(context);
}

/** The target asked another process for time. */
export function throttleTarget<P>(
  context: StepContext<P>,
  told: { readonly forMs: number; readonly by: string },
): void {
  if (takeThrottle(context, told)) beginHold(context, "HTTP_THROTTLED", told.by);
}

/** Says that the target goes on, once nothing holds it any more. */
export function endHold<P>({ state: { hold }, effects, now }: StepContext<P>): void {
  if (hold.heldSince === null || isHeld(hold, now)) return;
  hold.heldMs += now - hold.heldSince;
  hold.heldSince = null;
  effects.push({ kind: "target-released" });
}

function isHeld<P>(hold: Hold<P>, now: number): boolean {
  const { throttle, misconfiguration, breaker } = hold;
  return now < throttle.until || misconfiguration.isHeld || isOpen(breaker) || isPaused(hold);
}

function beginHold<P>(
  { state: { hold }, effects, now }: StepContext<P>,
  reason: string,
  toldBy: string | null = null,
): void {
  hold.heldSince ??= now;
  effects.push({ kind: "target-held", reason, until: mayStartAt(hold), toldBy });
}
