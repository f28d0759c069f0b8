import { assert } from "../../errors.ts";
import { noteAttemptEnd } from "./attempt-log.ts";
import type { AttemptResult, DeadLetterReason } from "./attempt-result.ts";
import { backoffMs } from "./backoff.ts";
import { boundIntake } from "../offsets/bounds.ts";
import { markDirty } from "../offsets/commit.ts";
import { adaptLimit } from "../guards/concurrency-limit.ts";
import { RETRY_AFTER_MAX_MS } from "../config.ts";
import { deferNow } from "../aside/deferral.ts";
import type { StepContext } from "../context.ts";
import type { Delivery, Failure } from "./delivery.ts";
import { advance, noteDetoured } from "../aside/detour.ts";
import { offer } from "./dispatch.ts";
import type { Outcome } from "../effect.ts";
import { noteDelivered } from "../guards/flood-guard.ts";
import { heed, isSpared, workingTime } from "../guards/hold.ts";
import type { AttemptEnd } from "../input.ts";
import { dequeue, type Lane } from "./lane.ts";
import { giveUp } from "../aside/writes.ts";
import { leaveKey } from "../replay/contention.ts";
import { settleReplayed } from "../replay/replay-lanes.ts";

type Retry = Extract<AttemptResult, { kind: "retry" }>;

/** Takes in how attempts ended. */
export function endAttempts<P>(context: StepContext<P>, ends: readonly AttemptEnd<P>[]): void {
  for (const end of ends) endAttempt(context, end);
}

/** Settles a lane's head; the next one is on its way after. */
export function settle<P>(context: StepContext<P>, delivery: Delivery<P>, outcome: Outcome): void {
  const { lane, partition } = delivery;
  if (lane.replay !== null) return settleReplayed(context, delivery, { kind: "sent" });
  conclude(context, delivery, outcome);
  if (!deferNow(context, lane)) offer(context, lane);
  if (lane.detour === null) boundIntake(context, partition);
  else advance(context, lane.detour);
}

/** Settles a lane's head and takes it off the lane; the caller sees to the rest of it. */
export function conclude<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  outcome: Outcome,
): void {
  const { lane, partition } = delivery;
  assert(lane.head === delivery, "I2: an event settles that is not its lane's head");
  context.effects.push({ kind: "settled", delivery, outcome });
  dequeue(lane);
  if (lane.detour !== null) return noteDetoured(context, lane.detour, delivery);
  assert(delivery.sequence !== null, "I3: an event settles that is not tracked");
  partition.tracker.settle(delivery.sequence);
  partition.unsettledBytes -= delivery.bytes;
  markDirty(context, partition);
}

function endAttempt<P>(
  context: StepContext<P>,
  { delivery, result, endedAt = context.now }: AttemptEnd<P>,
): void {
  const { state } = context;
  state.inFlightCount -= 1;
  state.endedCount += 1;
  if (delivery.chargedCount > 0) state.retryInFlightCount -= 1;
  assert(delivery.lane.state === "in-flight", "I2: an attempt ends that was not open");
  assert(delivery.lane.head === delivery, "I2: an attempt ends that is not of the head");
  delivery.lane.state = "idle";
  leaveKey(context, delivery.lane);
  noteAttemptEnd(delivery, result, endedAt);
  const isFree = isSpared(state.hold, delivery);
  heed(context, delivery, result);
  adaptLimit(context, delivery, result);
  if (!delivery.partition.isOwned) return;
  switch (result.kind) {
    case "delivered":
      noteDelivered(context);
      return settle(context, delivery, "delivered");
    case "retry":
      return isFree ? spare(context, delivery, result) : retry(context, delivery, result);
    case "rejected":
      return refuse(context, delivery, { ...result, detail: `HTTP ${result.status}` });
    case "undeliverable":
      return refuse(context, delivery, { ...result, status: null });
    case "throttled":
      return offer(context, delivery.lane);
    case "misconfigured":
      return standBack(context, delivery);
    case "abandoned":
      if (result.ambiguous) delivery.wasAmbiguous = true;
      return offer(context, delivery.lane);
  }
}

function retry<P>(context: StepContext<P>, delivery: Delivery<P>, result: Retry): void {
  const { state, now, random } = context;
  const { retry: config } = state.config;
  delivery.chargedCount += 1;
  const workedAt = workingTime(state.hold, now);
  delivery.firstChargedAt ??= workedAt;
  const detail = noteRetry(context, delivery, result);
  const isSpent =
    config.maxAttempts.kind === "limited" && delivery.chargedCount >= config.maxAttempts.count;
  if (isSpent || workedAt - delivery.firstChargedAt >= config.maxAgeMs) {
    return giveUp(context, delivery, { reason: "RETRIES_EXHAUSTED", detail });
  }
  const wait = backoffMs(config, delivery.chargedCount, random.next());
  delay(context, delivery.lane, Math.max(askedMs(result), wait));
}

/** An open breaker's probe that failed is not charged: its lane goes behind the others. */
function spare<P>(context: StepContext<P>, delivery: Delivery<P>, result: Retry): void {
  noteRetry(context, delivery, result);
  const asked = askedMs(result);
  if (asked > 0) delay(context, delivery.lane, asked);
  else offer(context, delivery.lane);
}

/**
 * Refused for the target's configuration: never charged. While the target is not held for it, the lane waits alone, no
 * longer than a held target waits for its probe.
 */
function standBack<P>(context: StepContext<P>, delivery: Delivery<P>): void {
  const { state, random } = context;
  const { retry: config, probeIntervalMs } = state.config;
  delivery.refusedCount += 1;
  if (state.hold.misconfiguration.isHeld) return offer(context, delivery.lane);
  const wait = backoffMs(config, delivery.refusedCount, random.next());
  delay(context, delivery.lane, Math.min(probeIntervalMs, wait));
}

/** Has a lane wait. */
function delay<P>(context: StepContext<P>, lane: Lane<P>, waitMs: number): void {
  const { state, now } = context;
  lane.state = "waiting";
  lane.dueAt = now + waitMs;
  if (!deferNow(context, lane)) state.waiting.push(lane);
}

function askedMs({ retryAfterMs }: Retry): number {
  return Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
}

/** @returns what is told of the failure. */
function noteRetry<P>(context: StepContext<P>, delivery: Delivery<P>, result: Retry): string {
  const { reason, status, ambiguous } = result;
  if (ambiguous) delivery.wasAmbiguous = true;
  const detail = status === null ? reason : `HTTP ${status}`;
  noteFailure(context, delivery, { reason, status, detail });
  return detail;
}

function refuse<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  failure: Failure & { readonly reason: DeadLetterReason },
): void {
  noteFailure(context, delivery, failure);
  giveUp(context, delivery, { reason: failure.reason, detail: failure.detail });
}

function noteFailure<P>(context: StepContext<P>, delivery: Delivery<P>, failure: Failure): void {
  delivery.firstFailedAt ??= context.wallNow;
  delivery.lastFailedAt = context.wallNow;
  const { reason, status, detail } = failure;
  delivery.lastFailure = { reason, status, detail };
}
