/**
 * What each attempt of a delivery was: when it started, how long it took, how it ended. For people; nothing is decided
 * by it. The last attempt stands in the delivery itself, so one that succeeds at once costs no object of its own; of the
 * earlier ones the first and the latest are kept, whatever their number.
 */
import type { AttemptResult } from "./attempt-result.ts";
import type { Delivery } from "./delivery.ts";

/** Attempts kept from the beginning. */
export const FIRST_ATTEMPTS_MAX = 3;
/** Attempts kept from the end, the last one included. */
export const LAST_ATTEMPTS_MAX = 5;

/** One attempt that ended. */
export interface EndedAttempt {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly result: AttemptResult;
}

/** Attempts before the last one. */
export interface EarlierAttempts {
  /** How many there were. */
  count: number;
  /** The first ones, in order. */
  readonly first: EndedAttempt[];
  /** A ring of the latest ones behind those. */
  readonly latest: EndedAttempt[];
}

/** The attempts of a delivery as far as they are kept, in order. */
export interface KeptAttempts {
  readonly first: readonly EndedAttempt[];
  /** How many ended between the first ones and the last ones. */
  readonly leftOutCount: number;
  readonly last: readonly EndedAttempt[];
}

const RING_LENGTH = LAST_ATTEMPTS_MAX - 1;
const NONE: readonly EndedAttempt[] = [];

/** An attempt starts; the one before it joins the earlier ones. */
export function noteAttemptStart<P>(delivery: Delivery<P>, wallNow: number): void {
  const { lastResult: result } = delivery;
  if (result !== null) {
    const { lastStartedAt: startedAt, lastDurationMs: durationMs } = delivery;
    delivery.earlierAttempts ??= { count: 0, first: [], latest: [] };
    keep(delivery.earlierAttempts, { startedAt, durationMs, result });
    delivery.lastResult = null;
  }
  delivery.lastStartedAt = wallNow;
}

/** The attempt that started last has ended. */
export function noteAttemptEnd<P>(delivery: Delivery<P>, result: AttemptResult, now: number): void {
  delivery.lastDurationMs = now - delivery.startedAt;
  delivery.lastResult = result;
}

/** The attempts that ended. */
export function keptAttempts<P>(delivery: Delivery<P>): KeptAttempts {
  const { earlierAttempts: earlier, lastStartedAt, lastDurationMs, lastResult: result } = delivery;
  const own =
    result === null ? [] : [{ startedAt: lastStartedAt, durationMs: lastDurationMs, result }];
  if (earlier === null) return { first: NONE, leftOutCount: 0, last: own };
  const { count, first, latest } = earlier;
  // The oldest of a full ring is the one that the next would replace.
  const oldest = latest.length < RING_LENGTH ? 0 : (count - FIRST_ATTEMPTS_MAX) % RING_LENGTH;
  return {
    first,
    leftOutCount: count - first.length - latest.length,
    last: [...latest.slice(oldest), ...latest.slice(0, oldest), ...own],
  };
}

function keep(earlier: EarlierAttempts, attempt: EndedAttempt): void {
  if (earlier.count < FIRST_ATTEMPTS_MAX) earlier.first.push(attempt);
  else earlier.latest[(earlier.count - FIRST_ATTEMPTS_MAX) % RING_LENGTH] = attempt;
  earlier.count += 1;
}
