import type { EarlierAttempts } from "./attempt-log.ts";
import type { AttemptResult, DeadLetterReason } from "./attempt-result.ts";
import type { Epoch, Offset, RecordKey } from "./identity.ts";
import type { Lane } from "./lane.ts";
import type { PartitionState } from "./partition.ts";

/** What stands of a record before any call: to be delivered, or impossible to deliver. */
export type Verdict =
  | { readonly kind: "deliver" }
  | { readonly kind: "undeliverable"; readonly reason: DeadLetterReason; readonly detail: string };

/** A record as the engine takes it in: left out by the filter, or for the target. */
export type NewRecord<Payload> = FilteredRecord | MatchedRecord<Payload>;

/** A record that the filter leaves out; it settles at once. */
export interface FilteredRecord {
  readonly kind: "filtered";
  readonly offset: Offset;
}

/** A record for the target. `payload` is the driver's; the engine never looks at it. */
export interface MatchedRecord<Payload> {
  readonly kind: "matched";
  readonly offset: Offset;
  /** Null: unordered. */
  readonly key: RecordKey | null;
  /** What the record holds in memory, for the byte bound. */
  readonly bytes: number;
  readonly verdict: Verdict;
  readonly payload: Payload;
}

/** Why the last attempt failed, in the words of the dead letter's headers. */
export interface Failure {
  readonly reason: string;
  readonly status: number | null;
  readonly detail: string;
}

/** Why a delivery is dead-lettered. */
export interface GivenUp {
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/**
 * One event to one target, from intake to outcome. A node of its lane's list; the fields below `payload` are the
 * engine's to change and for others to read.
 */
export interface Delivery<Payload> {
  readonly partition: PartitionState<Payload>;
  readonly lane: Lane<Payload>;
  readonly offset: Offset;
  /** Its place in the partition's tracker; null on a detour: there its offset has settled before. */
  readonly sequence: number | null;
  readonly epoch: Epoch;
  readonly bytes: number;
  readonly verdict: Verdict;
  readonly payload: Payload;
  next: Delivery<Payload> | null;
  /** Attempts begun, from 1 with the first. */
  attemptCount: number;
  /** Attempts that count against the retry horizon. */
  chargedCount: number;
  /** Attempts that the target's configuration is to blame for. */
  refusedCount: number;
  /** Whether any attempt may have been applied by the target without our knowing. */
  wasAmbiguous: boolean;
  /** Monotonic ms at which the last attempt started; 0 before. */
  startedAt: number;
  /** Attempts of the target that had ended by then. */
  endedBefore: number;
  /** Epoch ms at which the last attempt started, and what it was once it has ended (attempt-log.ts). */
  lastStartedAt: number;
  lastDurationMs: number;
  lastResult: AttemptResult | null;
  /** Null before the second attempt. */
  earlierAttempts: EarlierAttempts | null;
  /** When the first charged attempt ended, in the target's working time (hold.ts); null before. */
  firstChargedAt: number | null;
  /** Wall-clock ms; null before the first failure. */
  firstFailedAt: number | null;
  lastFailedAt: number | null;
  lastFailure: Failure | null;
  /** Why it was given up; null while it may still be delivered. */
  givenUp: GivenUp | null;
  /** Whether its dead letter is acknowledged; the marker of its key may still be missing. */
  isDeadLettered: boolean;
  /** An earlier owner may have attempted it, with an end that is not known here. */
  isInherited: boolean;
  /** How often it was redriven, this time included; 0 for an event that was never given up. */
  redriveCount: number;
  /** What its Idempotency-Key gets appended; 0: nothing. */
  keyCount: number;
}

/** A record on its way; what happened to it so far is nothing. */
export function createDelivery<P>(
  lane: Lane<P>,
  record: MatchedRecord<P>,
  sequence: number | null,
): Delivery<P> {
  const { partition } = lane;
  const { offset, bytes, verdict, payload } = record;
  return {
    partition,
    lane,
    offset,
    sequence,
    epoch: partition.epoch,
    bytes,
    verdict,
    payload,
    next: null,
    attemptCount: 0,
    chargedCount: 0,
    refusedCount: 0,
    wasAmbiguous: false,
    startedAt: 0,
    endedBefore: 0,
    lastStartedAt: 0,
    lastDurationMs: 0,
    lastResult: null,
    earlierAttempts: null,
    firstChargedAt: null,
    firstFailedAt: null,
    lastFailedAt: null,
    lastFailure: null,
    givenUp: null,
    isDeadLettered: false,
    isInherited: false,
    redriveCount: 0,
    keyCount: 0,
  };
}
