import { assert } from "../errors.ts";
import { noteAttemptEnd } from "./attempt-log.ts";
import type { AttemptResult, DeadLetterReason } from "./attempt-result.ts";
import { backoffMs } from "./backoff.ts";
import { boundIntake } from "./bounds.ts";
import { markDirty } from "./commit.ts";
import { RETRY_AFTER_MAX_MS } from "./config.ts";
import type { StepContext } from "./context.ts";
import type { Delivery, Failure } from "./delivery.ts";
import { giveUp, offer } from "./dispatch.ts";
import type { Outcome } from "./effect.ts";
import { heed, workingTime } from "./hold.ts";
import type { AttemptEnd } from "./input.ts";
import { dequeue } from "./lane.ts";

type Retry = Extract<AttemptResult, { kind: "retry" }>;

/** Takes in how attempts ended. */
export function endAttempts<P>(context: StepContext<P>, ends: readonly AttemptEnd<P>[]): void {
  for (const { delivery, result } of ends) endAttempt(context, delivery, result);
}

/** I6: the dead letter is in the log, so its event settles. */
export function endDeadLetters<P>(
  context: StepContext<P>,
  deliveries: readonly Delivery<P>[],
): void {
  for (const delivery of deliveries) {
    context.state.writingCount -= 1;
    if (delivery.partition.isOwned) settle(context, delivery, "dead-lettered");
  }
}

/** Has the writes made again: at once, as the driver paces them, or after a drain that need not wait for them. */
export function failDeadLetters<P>(
  context: StepContext<P>,
  deliveries: readonly Delivery<P>[],
): void {
  for (const delivery of deliveries) {
    context.state.writingCount -= 1;
    if (delivery.partition.isOwned) offer(context, delivery.lane);
  }
}

function endAttempt<P>(
  context: StepContext<P>,
  delivery: Delivery<P>,
  result: AttemptResult,
): void {
  const { state } = context;
  state.inFlightCount -= 1;
  if (delivery.chargedCount > 0) state.retryInFlightCount -= 1;
  assert(delivery.lane.state === "in-flight", "I2: an attempt ends that was not open");
  assert(delivery.lane.head === delivery, "I2: an attempt ends that is not of the head");
  delivery.lane.state = "idle";
  noteAttemptEnd(delivery, result, context.now);
  heed(context, delivery, result);
  if (!delivery.partition.isOwned) return;
  switch (result.kind) {
    case "delivered":
      return settle(context, delivery, "delivered");
    case "retry":
      return retry(context, delivery, result);
    case "rejected":
      return refuse(context, delivery, { ...result, detail: `HTTP ${result.status}` });
    case "undeliverable":
      return refuse(context, delivery, { ...result, status: null });
    case "throttled":
    case "misconfigured":
      return offer(context, delivery.lane);
    case "abandoned":
      if (result.ambiguous) delivery.wasAmbiguous = true;
      return offer(context, delivery.lane);
  }
}

function settle<P>(context: StepContext<P>, delivery: Delivery<P>, outcome: Outcome): void {
  const { lane, partition } = delivery;
  partition.tracker.settle(delivery.sequence);
  partition.unsettledBytes -= delivery.bytes;
  markDirty(context, partition);
  context.effects.push({ kind: "settled", delivery, outcome });
  dequeue(lane);
  offer(context, lane);
  boundIntake(context, partition);
}

function retry<P>(context: StepContext<P>, delivery: Delivery<P>, result: Retry): void {
  const { state, now, random } = context;
  const { retry: config } = state.config;
  delivery.chargedCount += 1;
  const workedAt = workingTime(state.hold, now);
  delivery.firstChargedAt ??= workedAt;
  if (result.ambiguous) delivery.wasAmbiguous = true;
  const detail = result.status === null ? result.reason : `HTTP ${result.status}`;
  noteFailure(context, delivery, { reason: result.reason, status: result.status, detail });
  const isSpent =
    config.maxAttempts.kind === "limited" && delivery.chargedCount >= config.maxAttempts.count;
  if (isSpent || workedAt - delivery.firstChargedAt >= config.maxAgeMs) {
    return giveUp(context, delivery, { reason: "RETRIES_EXHAUSTED", detail });
  }
  const asked = Math.min(result.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  const wait = Math.max(asked, backoffMs(config, delivery.chargedCount, random.next()));
  delivery.lane.state = "waiting";
  delivery.lane.dueAt = now + wait;
  state.waiting.push(delivery.lane);
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
