/**
 * A replay: a bounded range of one partition, sent once more for a job. It is a second source beside the live one, with
 * lanes, offsets and counts of its own; nothing of it touches the live group's tracker, done set or commits (I33).
 *
 *   waiting ◀──seat, live has settled more──▶ running ──read to its end, all settled──▶ ending ──acknowledged──▶ gone
 *      ▲ │                                      │ paused, cancelled, cannot go on        ▲
 *      │ └──cancelled, nothing left to do───────┼────────────────────────────────────────┘
 *      └──────nothing of it in flight─── stopping
 *
 * A running one that holds nothing and may not read waits again.
 */
import type { OffsetTracker } from "../offsets/offset-tracker.ts";
import { Fifo } from "../lanes/fifo.ts";
import type { DeadLetterReason } from "../lanes/attempt-result.ts";
import type { GivenUp, NewRecord } from "../lanes/delivery.ts";
import type { JobId, Offset, TopicPartition } from "../lanes/identity.ts";
import type { Lane } from "../lanes/lane.ts";
import type { PartitionState } from "../lanes/partition.ts";

/** With the Idempotency-Keys of the live deliveries, or with keys of the job's own. */
export type ReplayMode = "repair" | "reprocess";

/** What people want of a job. */
export type ReplayWish = "run" | "pause" | "cancel";

/**
 * - `waiting`: holds no event: waits for a seat, for the live source, or for a resume.
 * - `running`: reads and sends.
 * - `stopping`: begins nothing more; what is in flight ends, then what it holds is dropped.
 * - `ending`: how it ended is being written.
 */
export type ReplayStage = "waiting" | "running" | "stopping" | "ending";

/** Which events of a partition a job sends, and how. */
export interface ReplayPlan extends TopicPartition {
  readonly job: JobId;
  readonly mode: ReplayMode;
  readonly from: Offset;
  /** One above the last. */
  readonly to: Offset;
}

/**
 * Why an event of the range is not sent: the target's filter leaves it out; its key is in quarantine or blocked; an
 * earlier event of its key failed in this job.
 */
export type ReplaySkip = "FILTERED" | "KEY_SET_ASIDE" | "KEY_FAILED";

/** Why an event failed for good; `RANGE_GONE`: the log no longer has it. */
export type ReplayFailure = DeadLetterReason | "RANGE_GONE";

/** How one event of a replay ended. */
export type ReplayedEnd =
  | { readonly kind: "sent" }
  | { readonly kind: "skipped"; readonly reason: ReplaySkip }
  | { readonly kind: "failed"; readonly why: GivenUp };

/** How a replay ended. */
export type ReplayEnd = "done" | "cancelled" | "range-gone" | "too-many-keys-failed";

/** What became of the range's events so far; each counts once. */
export interface ReplayCounts {
  readonly sent: number;
  readonly skipped: Readonly<Partial<Record<ReplaySkip, number>>>;
  readonly failed: Readonly<Partial<Record<ReplayFailure, number>>>;
}

/** How far a replay has come, as it is written for its next owner: counts and offsets of one moment. */
export interface ReplayStep {
  /** Everything of the range below has ended. */
  readonly next: Offset;
  /** What has ended above it, in the form of a commit's metadata. */
  readonly done: string;
  readonly counts: ReplayCounts;
  /** Lanes of which an event failed: nothing behind it is sent. */
  readonly failedLanes: readonly string[];
  /** Null while it goes on. */
  readonly end: ReplayEnd | null;
}

/** A replay to begin, or to go on with. */
export interface ReplayRequest extends ReplayPlan {
  readonly wish: ReplayWish;
  /** Where an earlier owner left it; null: at its beginning. */
  readonly step: ReplayStep | null;
}

/** A part of the range to be read. */
export interface ReplayReading<Payload> {
  readonly replay: Replay<Payload>;
  readonly from: Offset;
  /** One above the last that may be read now. */
  readonly to: Offset;
  readonly countMax: number;
  readonly bytesMax: number;
}

/** What a reading found. */
export interface ReplayFound<Payload> {
  readonly reading: ReplayReading<Payload>;
  /** Ascending; nothing from the reading's beginning on is left out before `next`. */
  readonly records: readonly NewRecord<Payload>[];
  /** Where to read on; above the reading's beginning. */
  readonly next: Offset;
}

/** Why a reading found nothing: it is to be made again, or the log has left the range, and goes from here to there. */
export type ReadingFailure =
  | { readonly kind: "again" }
  | { readonly kind: "gone"; readonly logStartOffset: Offset; readonly logEndOffset: Offset };

/** See the head of this file. */
export interface Replay<Payload> {
  readonly plan: ReplayPlan;
  readonly partition: PartitionState<Payload>;
  /** Lanes with work, by key. */
  readonly lanes: Map<string, Lane<Payload>>;
  readonly looseLanes: Set<Lane<Payload>>;
  tracker: OffsetTracker;
  stage: ReplayStage;
  wish: ReplayWish;
  /** The next offset to read. */
  readTo: Offset;
  /** The next event, where it was found and live has not settled it. */
  heldAt: Offset | null;
  /** The reading that is open. */
  reading: ReplayReading<Payload> | null;
  unsettledBytes: number;
  inFlightCount: number;
  sentCount: number;
  readonly skipped: Partial<Record<ReplaySkip, number>>;
  readonly failed: Partial<Record<ReplayFailure, number>>;
  readonly failedLanes: Set<string>;
  /**
   * Lanes skipped as set aside, with `skipped.KEY_SET_ASIDE` as of then, until a step with that stands in the log: the next
   * owner may send what was skipped, so nothing behind it may be sent before.
   */
  readonly skippedLanes: Map<string, number>;
  /** How it will end, once it is known; what it holds ends before. */
  end: ReplayEnd | null;
  /** Offsets of its range that the log has lost. */
  goneCount: number;
}

/** The replays of one target, and their lanes that wait for a slot. */
export interface Replays<Payload> {
  readonly all: Set<Replay<Payload>>;
  /** Lanes whose head waits for its first charged attempt. */
  readonly ready: Fifo<Lane<Payload>>;
  /** Lanes whose head has failed and is due again. */
  readonly retries: Fifo<Lane<Payload>>;
  /** Lanes that the live events of their key have passed often enough. */
  readonly urgent: Fifo<Lane<Payload>>;
  /** Replays that hold events. */
  seatCount: number;
  /** Live attempts that have begun since one of a replay last had its turn. */
  passedCount: number;
}

/** Nothing is replayed. */
export function createReplays<P>(): Replays<P> {
  return {
    all: new Set(),
    ready: new Fifo(),
    retries: new Fifo(),
    urgent: new Fifo(),
    seatCount: 0,
    passedCount: 0,
  };
}

/** Lanes that wait for a slot. */
export function queuedCount<P>({ ready, retries, urgent }: Replays<P>): number {
  return ready.length + retries.length + urgent.length;
}

/** How far a replay has come. */
export function stepOf<P>(replay: Replay<P>): ReplayStep {
  const { plan, tracker, sentCount, skipped, failed, failedLanes } = replay;
  const end = replay.stage === "ending" ? replay.end : null;
  return {
    next: end === "done" ? plan.to : tracker.committable,
    done: end === "done" ? "" : tracker.metadata(),
    counts: { sent: sentCount, skipped: { ...skipped }, failed: { ...failed } },
    failedLanes: [...failedLanes],
    end,
  };
}
