import type { AttemptResult, MisconfiguredReason } from "../lanes/attempt-result.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";
import { isSameLane, type Lane } from "../lanes/lane.ts";

/**
 * Flood guard for what a target's configuration is to blame for (401, 403, 3xx, TLS, blocked address). One event may have a bad
 * URL of its own, so a refusal holds its lane alone; refusals of several lanes, or over a while, with nothing taken
 * between them, hold the target: one probe at a time, a probe interval apart, until one gets through.
 *
 *   clear ──refused──▶ suspected ──LANES_MAX, or SUSPECTED_MS_MAX──▶ held ◀──refused, failed── probing
 *     ▲                    │                                          └──────probe interval──────▲ │
 *     └──any call is taken─┘◀────────────────────────the probe is taken────────────────────────────┘
 *
 * Answers to attempts that began before the hold change nothing.
 */
export interface Misconfiguration<Payload> {
  /** Lanes that were refused since a call was last taken, each once. */
  readonly suspects: Lane<Payload>[];
  /** Monotonic ms of the first of these refusals. */
  suspectedSince: number;
  isHeld: boolean;
  /** Monotonic ms before which no probe starts. */
  probeAt: number;
  /** The attempt that tries, or null between two. */
  probe: Delivery<Payload> | null;
}

/** Lanes that are refused before the target is held; events without a key are a lane each. */
export const REFUSED_LANES_MAX = 3;
/** How long lanes are refused before the target is held, ms. */
export const REFUSED_MS_MAX = 30_000;

/** Nothing is known against the configuration. */
export function createMisconfiguration<P>(): Misconfiguration<P> {
  return { suspects: [], suspectedSince: 0, isHeld: false, probeAt: 0, probe: null };
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
  if (isProbe) guard.probe = null;
  switch (result.kind) {
    case "misconfigured":
      if (guard.isHeld ? !isProbe : !isFlood(context, delivery.lane)) return null;
      guard.isHeld = true;
      postpone(context);
      return result.reason;
    case "delivered":
    case "rejected":
      if (!guard.isHeld || isProbe) clear(guard);
      return null;
    case "abandoned":
      // An attempt that we gave up says nothing, so the next may follow at once.
      return null;
    case "retry":
    case "throttled":
    case "undeliverable":
      if (isProbe) postpone(context);
      return null;
  }
}

/** Notes a refusal; whether it is one too many. */
function isFlood<P>({ state, now }: StepContext<P>, lane: Lane<P>): boolean {
  const { misconfiguration: guard } = state.hold;
  const { suspects } = guard;
  if (suspects.length === 0) guard.suspectedSince = now;
  if (!suspects.some((suspect) => isSameLane(suspect, lane))) suspects.push(lane);
  return suspects.length >= REFUSED_LANES_MAX || now - guard.suspectedSince >= REFUSED_MS_MAX;
}

function postpone<P>({ state, now }: StepContext<P>): void {
  state.hold.misconfiguration.probeAt = now + state.config.probeIntervalMs;
}

function clear<P>(guard: Misconfiguration<P>): void {
  guard.isHeld = false;
  guard.suspects.length = 0;
}
