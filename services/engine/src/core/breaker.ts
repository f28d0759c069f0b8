/**
 * The circuit breaker of one target in one process: a target that fails is left alone and asked again with one call at
 * a time. It holds, it never fails anything: what waits behind it is not charged, and neither is a failed probe.
 *
 *   closed ──errors, or failures in a row──▶ open ──halfOpenAfter──▶ half-open (one probe)
 *     ▲                                      ▲ ▲                         │ │
 *     │                                      │ └──the probe failed───────┘ │ it was answered
 *     └──the limit is reached── slow-start ──┘ ◀───────────────────────────┘
 *                                      errors, or failures in a row
 *
 * Failures are what the target or the way to it did: 5xx, timeouts, resets, no connection. Any answer below 500 says
 * that the target is there. Answers to attempts that began before the breaker's last change say what is known already.
 * Source of states and ratio: "Release It!", M. Nygard, 2007; the slow start is TCP's, RFC 5681.
 */
import type { AttemptResult } from "./attempt-result.ts";
import { CallWindow } from "./call-window.ts";
import { halveLimit } from "./concurrency-limit.ts";
import type { StepContext } from "./context.ts";
import type { Delivery } from "./delivery.ts";
import { isSameLane, type Lane } from "./lane.ts";
import { ownSlots } from "./slots.ts";
import type { EngineState } from "./state.ts";

/** Where the breaker stands. */
export type BreakerStage = "closed" | "open" | "half-open" | "slow-start";

/** What a breaker knows. */
export interface Breaker<Payload> {
  stage: BreakerStage;
  /** Calls of the current stage. */
  readonly window: CallWindow;
  /** Failures since the last answer. */
  streakCount: number;
  /** The lane of the first of them. */
  streakLane: Lane<Payload> | null;
  /** They are of more than one lane. */
  isStreakWide: boolean;
  /** Monotonic ms; attempts that began before it say nothing new. */
  countsFrom: number;
  /** Monotonic ms before which no probe starts. */
  probeAt: number;
  /** The attempt that tries, or null between two. */
  probe: Delivery<Payload> | null;
  /** Attempts that may be in flight; Infinity but in a slow start. */
  slotsMax: number;
  /** Monotonic ms from which an answer doubles them. */
  doublesAt: number;
}

/** Failures in a row that open the breaker, where failures were rare before. */
export const STREAK_MIN = 5;
/** More in a row are needed where failures were common: as many as chance brings about once in so many calls. */
export const STREAK_CHANCE = 1e-9;
/** Least time between two probes, also after one that we gave up ourselves, ms. */
export const PROBE_INTERVAL_MIN_MS = 1_000;
/** Time between two doublings of a slow start, ms. */
export const DOUBLING_MS = 1_000;

/** Nothing is known against the target. */
export function createBreaker<P>(): Breaker<P> {
  return {
    stage: "closed",
    window: new CallWindow(),
    streakCount: 0,
    streakLane: null,
    isStreakWide: false,
    countsFrom: 0,
    probeAt: 0,
    probe: null,
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

/** @returns whether the breaker opened. */
export function heedBreaker<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): boolean {
  const { breaker } = context.state.hold;
  const sign = signOf(result);
  if (breaker.probe === delivery) return endProbe(context, sign);
  if (sign === null || isOpen(breaker) || delivery.startedAt < breaker.countsFrom) return false;
  breaker.window.note(sign, context.now, context.state.config.breaker.windowMs);
  if (sign === "answer") {
    endStreak(breaker);
    if (breaker.stage === "slow-start") climb(context);
    return false;
  }
  addToStreak(breaker, delivery.lane);
  if (!isErrorRatioReached(context) && !isStreakLong(context)) return false;
  open(context, context.state.config.breaker.halfOpenAfterMs);
  // Lanes that have failed wait for their retry: the next one served has not.
  context.state.wasRetry = true;
  return true;
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

function endProbe<P>(context: StepContext<P>, sign: "answer" | "failure" | null): boolean {
  const { breaker } = context.state.hold;
  const { halfOpenAfterMs } = context.state.config.breaker;
  breaker.probe = null;
  if (sign === "answer") {
    startSlowly(context);
    halveLimit(context);
    return false;
  }
  open(context, sign === null ? PROBE_INTERVAL_MIN_MS : halfOpenAfterMs);
  return sign === "failure";
}

function open<P>({ state, now }: StepContext<P>, waitMs: number): void {
  const { breaker } = state.hold;
  breaker.stage = "open";
  breaker.probeAt = now + Math.max(PROBE_INTERVAL_MIN_MS, waitMs);
  breaker.slotsMax = Infinity;
  endStreak(breaker);
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

/**
 * A busy target that goes down fills the window with failures far too slowly, so a run of them is enough: at least what
 * is in flight, since a target that refuses what it cannot take at once refuses that in a run, and takes the rest.
 */
function isStreakLong<P>({ state }: StepContext<P>): boolean {
  const { streakCount, isStreakWide } = state.hold.breaker;
  if (streakCount < STREAK_MIN || streakCount <= state.inFlightCount) return false;
  if (streakCount < chanceRun(state)) return false;
  return isStreakWide || hasOneActiveLane(state);
}

/** How long a run of failures must be to be no chance, by the share of failures before it. */
function chanceRun<P>({ hold, config }: EngineState<P>): number {
  const { window, streakCount } = hold.breaker;
  const callCount = window.callCount - streakCount;
  if (callCount < config.breaker.minCalls) return STREAK_MIN;
  const failureRatio = Math.max(0, window.failureCount - streakCount) / callCount;
  return Math.ceil(Math.log(STREAK_CHANCE) / Math.log(failureRatio));
}

/** One key that fails while it is alone says as much as two would. */
function hasOneActiveLane<P>({ partitions }: EngineState<P>): boolean {
  let activeCount = 0;
  for (const { lanes, looseLanes } of partitions.values()) {
    activeCount += looseLanes.size;
    for (const { state } of lanes.values()) {
      if (state !== "blocked") activeCount += 1;
      if (activeCount > 1) return false;
    }
  }
  return activeCount <= 1;
}

function addToStreak<P>(breaker: Breaker<P>, lane: Lane<P>): void {
  breaker.streakCount += 1;
  breaker.streakLane ??= lane;
  breaker.isStreakWide ||= !isSameLane(breaker.streakLane, lane);
}

function endStreak<P>(breaker: Breaker<P>): void {
  breaker.streakCount = 0;
  breaker.streakLane = null;
  breaker.isStreakWide = false;
}
