import type { AttemptResult, MisconfiguredReason } from "./attempt-result.ts";
import type { StepContext } from "./context.ts";
import type { Delivery } from "./delivery.ts";

/**
 * A target whose configuration keeps it from answering (401, 403, 3xx, TLS, blocked address): one probe at a time, a
 * probe interval apart, until one gets through. Answers to attempts that began before the hold change nothing.
 */
export interface Misconfiguration<Payload> {
  isHeld: boolean;
  /** Monotonic ms before which no probe starts. */
  probeAt: number;
  /** The attempt that tries, or null between two. */
  probe: Delivery<Payload> | null;
}

/** Nothing is known against the configuration. */
export function createMisconfiguration<P>(): Misconfiguration<P> {
  return { isHeld: false, probeAt: 0, probe: null };
}

/** Monotonic ms at which an attempt may start by this guard; Infinity while a probe is out. */
export function probeAllowedAt<P>({ isHeld, probeAt, probe }: Misconfiguration<P>): number {
  if (!isHeld) return 0;
  return probe === null ? probeAt : Infinity;
}

/** An attempt starts; under the hold it is the probe. */
export function noteProbe<P>(guard: Misconfiguration<P>, delivery: Delivery<P>): void {
  if (guard.isHeld) guard.probe = delivery;
}

/** @returns why the target is held from now on, or again; null: nothing new. */
export function heedMisconfiguration<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): MisconfiguredReason | null {
  const { misconfiguration: guard } = context.state.hold;
  const isProbe = guard.probe === delivery;
  if (result.kind === "misconfigured") {
    if (guard.isHeld && !isProbe) return null;
    guard.isHeld = true;
    holdBack(context);
    return result.reason;
  }
  if (!isProbe) return null;
  guard.probe = null;
  if (result.kind === "delivered" || result.kind === "rejected") guard.isHeld = false;
  // An attempt that we gave up says nothing, so the next may follow at once.
  else if (result.kind !== "abandoned") holdBack(context);
  return null;
}

function holdBack<P>({ state, now }: StepContext<P>): void {
  state.hold.misconfiguration.probe = null;
  state.hold.misconfiguration.probeAt = now + state.config.probeIntervalMs;
}
