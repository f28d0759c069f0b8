import { assert } from "../errors.ts";
import type { AttemptResult, DeadLetterReason } from "./attempt-result.ts";
import { backoffMs } from "./backoff.ts";
import { boundIntake } from "./bounds.ts";
import { markDirty } from "./commit.ts";
import { RETRY_AFTER_MAX_MS } from "./config.ts";
import type { StepContext } from "./context.ts";
import type { Delivery, Failure } from "./delivery.ts";
import { giveUp, offer, release } from "./dispatch.ts";
import type { Outcome } from "./effect.ts";
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

/** Asks for the writes again; the driver paces them. */
export function failDeadLetters<P>(
  context: StepContext<P>,
  deliveries: readonly Delivery<P>[],
): void {
  for (const delivery of deliveries) {
    context.state.writingCount -= 1;
    const why = delivery.givenUp;
    if (delivery.partition.isOwned && why !== null) giveUp(context, delivery, why);
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
  if (result.kind !== "misconfigured") endProbe(context, result);
  if (!delivery.partition.isOwned) return;
  switch (result.kind) {
    case "delivered":
      state.throttleCount = 0;
      return settle(context, delivery, "delivered");
    case "retry":
      return retry(context, delivery, result);
    case "rejected":
      return refuse(context, delivery, { ...result, detail: `HTTP ${result.status}` });
    case "undeliverable":
      return refuse(context, delivery, { ...result, status: null });
    case "throttled":
      throttle(context, result.retryAfterMs);
      return offer(context, delivery.lane);
    case "misconfigured":
      hold(context, result.reason);
      return offer(context, delivery.lane);
    case "abandoned":
      if (result.ambiguous) delivery.wasAmbiguous = true;
      return offer(context, delivery.lane);
  }
}

/** Any answer that is not about the configuration proves it whole; an attempt we gave up proves nothing. */
function endProbe<P>(context: StepContext<P>, result: AttemptResult): void {
  const { state } = context;
  if (state.hold.kind !== "misconfigured") return;
  const isProof = result.kind === "delivered" || result.kind === "rejected";
  if (isProof) release(context);
  else if (state.hold.isProbing) state.hold = { ...state.hold, isProbing: false };
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
  delivery.firstChargedAt ??= now;
  if (result.ambiguous) delivery.wasAmbiguous = true;
  const detail = result.status === null ? result.reason : `HTTP ${result.status}`;
  noteFailure(context, delivery, { reason: result.reason, status: result.status, detail });
  const isSpent =
    config.maxAttempts.kind === "limited" && delivery.chargedCount >= config.maxAttempts.count;
  if (isSpent || now - delivery.firstChargedAt >= config.maxAgeMs) {
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

/** The target says it is asked too much: all of it waits, nothing is charged. */
function throttle<P>({ state, effects, now }: StepContext<P>, retryAfterMs: number | null): void {
  const { baseMs, capMs } = state.config.retry;
  const own = Math.min(capMs, baseMs * 2 ** Math.min(state.throttleCount, 40));
  state.throttleCount += 1;
  const until = now + Math.min(retryAfterMs ?? own, RETRY_AFTER_MAX_MS);
  if (state.hold.kind === "throttled" && state.hold.until >= until) return;
  if (state.hold.kind === "misconfigured") return;
  state.hold = { kind: "throttled", until };
  effects.push({ kind: "target-held", reason: "HTTP_THROTTLED", until });
}

function hold<P>({ state, effects, now }: StepContext<P>, reason: string): void {
  const until = now + state.config.probeIntervalMs;
  state.hold = { kind: "misconfigured", until, isProbing: false };
  effects.push({ kind: "target-held", reason, until });
}
