/**
 * The circuit breaker of one target in one process: a target that fails is left alone and asked again with one call at
 * a time. It holds, it never fails anything: what waits behind it is not charged, and neither is a failed probe.
 *
 *   closed ──errors, or failures in a row──▶ open ──halfOpenAfter──▶ half-open (one probe)
 *    ▲ ▲                                      ▲ ▲                       │ │ │
 *    │ │                                      │ └──the probe failed─────┘ │ │
 *    │ └──failed probes of the only lane there is─────────────────────────┘ │ it was answered
 *    └──the limit is reached── slow-start ────┘ ◀───────────────────────────┘
 *                                       errors, or failures in a row
 *
 * Failures are what the target or the way to it did: 5xx, timeouts, resets, no connection. Any answer below 500 says
 * that the target is there. Answers to attempts that began before the breaker's last change say what is known already.
 * Source of states and ratio: "Release It!", M. Nygard, 2007; the slow start is TCP's, RFC 5681.
 */
import type { AttemptResult } from "../lanes/attempt-result.ts";
import { CallWindow } from "./call-window.ts";
import { halveLimit } from "./concurrency-limit.ts";
import type { StepContext } from "../context.ts";
import type { Delivery } from "../lanes/delivery.ts";
import { addFailure, createFailureRun, endRun, isRunLong, type FailureRun } from "./failure-run.ts";
import { isSameLane, type Lane } from "../lanes/lane.ts";
import { ownSlots } from "./slots.ts";

/** Where the breaker stands. */
export type BreakerStage = "closed" | "open" | "half-open" | "slow-start";

/** What a breaker knows. */
export interface Breaker<Payload> {
  stage: BreakerStage;
  /** Calls of the current stage. */
  readonly window: CallWindow;
  readonly run: FailureRun<Payload>;
  /** Monotonic ms; attempts that began before it say nothing new. */
  countsFrom: number;
  /** Monotonic ms before which no probe starts. */
  probeAt: number;
  /** The attempt that tries, or null between two. */
  probe: Delivery<Payload> | null;
  /** The lane of the last probe that failed, and how many in a row were its own. */
  probedLane: Lane<Payload> | null;
  probedCount: number;
  /** Attempts that may be in flight; Infinity but in a slow start. */
  slotsMax: number;
  /** Monotonic ms from which an answer doubles them. */
  doublesAt: number;
}

/** Least time between two probes, also after one that we gave up ourselves, ms. */
export const PROBE_INTERVAL_MIN_MS = 1_000;
/** Failed probes in a row of one and the same lane, for want of another, after which its event is taken for the cause. */
export const LONE_PROBES_MAX = 6;
/** Time between two doublings of a slow start, ms. */
export const DOUBLING_MS = 1_000;

/** Nothing is known against the target. */
export function createBreaker<P>(): Breaker<P> {
  return {
    stage: "closed",
    window: new CallWindow(),
    run: createFailureRun(),
    countsFrom: 0,
    probeAt: 0,
    probe: null,
    probedLane: null,
    probedCount: 0,
    slotsMax: Infinity,
    doublesAt: 0,
  };
}

/** Whether the target is left alone, its probes aside. */
export function isOpen<P>({ stage }: Breaker<P>): boolean {
  return stage === "open" || stage === "half-open";
}

/** Monotonic ms at which an attempt may start by the breaker; Infinity while a probe is out. */
export function breakerAllowsAt<P>({ stage, probeAt }: Breaker<P>): number {
  if (stage === "open") return probeAt;
  return stage === "half-open" ? Infinity : 0;
}

/** An attempt starts; of an open breaker it is the probe. */
export function noteBreakerStart<P>(breaker: Breaker<P>, delivery: Delivery<P>): void {
  if (breaker.stage !== "open") return;
  breaker.stage = "half-open";
  breaker.probe = delivery;
}

/**
 * Whether the attempt tries for an open breaker, so that its failure is not its event's. Where no other lane could try,
 * the event is given its chance to be the cause: it would hold the target and never be given up.
 */
export function isSparedProbe<P>(breaker: Breaker<P>, delivery: Delivery<P>): boolean {
  return breaker.probe === delivery && !isLone(breaker, delivery.lane);
}

function isLone<P>({ probedLane, probedCount }: Breaker<P>, lane: Lane<P>): boolean {
  return probedCount >= LONE_PROBES_MAX && probedLane !== null && isSameLane(probedLane, lane);
}

/** @returns whether the breaker opened. */
export function heedBreaker<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): boolean {
  const { breaker } = context.state.hold;
  const sign = signOf(result);
  if (breaker.probe === delivery) return endProbe(context, delivery, sign);
  if (sign === null || isOpen(breaker) || delivery.startedAt < breaker.countsFrom) return false;
  breaker.window.note(sign, context.now, context.state.config.breaker.windowMs);
  if (sign === "answer") {
    endRun(breaker.run);
    breaker.probedCount = 0;
    if (breaker.stage === "slow-start") climb(context);
    return false;
  }
  addFailure(breaker.run, delivery.lane);
  if (isLone(breaker, delivery.lane) && !breaker.run.isWide) return false;
  if (!isErrorRatioReached(context) && !isRunLong(context)) return false;
  breaker.probedCount = 0;
  open(context, context.state.config.breaker.halfOpenAfterMs);
  // Lanes that have failed wait for their retry: the next one served has not.
  context.state.wasRetry = true;
  return true;
}

/** The target may have been mended: an open breaker's next probe may start now. It closes by what that finds, as ever. */
export function resetBreaker<P>({ state: { hold }, now }: StepContext<P>): void {
  const { breaker } = hold;
  if (breaker.stage === "open") breaker.probeAt = Math.min(breaker.probeAt, now);
}

/** What an end says of the target; null: nothing. */
function signOf(result: AttemptResult): "answer" | "failure" | null {
  switch (result.kind) {
    case "delivered":
    case "rejected":
    case "throttled":
    case "misconfigured":
      return "answer";
    case "retry":
      return result.status !== null && result.status < 500 ? "answer" : "failure";
    case "undeliverable":
    case "abandoned":
      return null;
  }
}

function endProbe<P>(
  context: StepContext<P>,
  { lane }: Delivery<P>,
  sign: "answer" | "failure" | null,
): boolean {
  const { breaker } = context.state.hold;
  breaker.probe = null;
  switch (sign) {
    case "answer":
      breaker.probedCount = 0;
      startSlowly(context);
      halveLimit(context);
      return false;
    case "failure":
      if (isLone(breaker, lane)) {
        close(breaker);
        return false;
      }
      noteFailedProbe(breaker, lane);
      open(context, context.state.config.breaker.halfOpenAfterMs);
      return true;
    case null:
      open(context, PROBE_INTERVAL_MIN_MS);
      return false;
  }
}

function noteFailedProbe<P>(breaker: Breaker<P>, lane: Lane<P>): void {
  const isSame = breaker.probedLane !== null && isSameLane(breaker.probedLane, lane);
  breaker.probedLane = lane;
  breaker.probedCount = isSame ? breaker.probedCount + 1 : 1;
}

function open<P>({ state, now }: StepContext<P>, waitMs: number): void {
  const { breaker } = state.hold;
  breaker.stage = "open";
  breaker.probeAt = now + Math.max(PROBE_INTERVAL_MIN_MS, waitMs);
  breaker.slotsMax = Infinity;
  endRun(breaker.run);
}

function close<P>(breaker: Breaker<P>): void {
  breaker.stage = "closed";
  breaker.slotsMax = Infinity;
  breaker.window.clear();
}

function startSlowly<P>({ state, now }: StepContext<P>): void {
  const { breaker } = state.hold;
  breaker.stage = "slow-start";
  breaker.countsFrom = now;
  breaker.slotsMax = 1;
  breaker.doublesAt = now + DOUBLING_MS;
  breaker.window.clear();
}

/** Only an answer doubles the slots, so a target that is silent gets no more; and only while most calls are answered. */
function climb<P>(context: StepContext<P>): void {
  const { state, now } = context;
  const { breaker } = state.hold;
  if (now < breaker.doublesAt || isErrorRatioReached(context, 1)) return;
  breaker.slotsMax *= 2;
  breaker.doublesAt = now + DOUBLING_MS;
  if (breaker.slotsMax < ownSlots(state)) return;
  breaker.stage = "closed";
  breaker.slotsMax = Infinity;
}

function isErrorRatioReached<P>(
  { state }: StepContext<P>,
  minCalls = state.config.breaker.minCalls,
): boolean {
  const { callCount, failureCount } = state.hold.breaker.window;
  return callCount >= minCalls && failureCount >= state.config.breaker.errorRatio * callCount;
}
