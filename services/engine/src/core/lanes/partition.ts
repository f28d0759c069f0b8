import type { Detour } from "../aside/detour.ts";
import { decodeDoneSet } from "../offsets/done-set.ts";
import { type Epoch, type JobId, type Offset, type PartitionId, type Topic } from "./identity.ts";
import type { Lane } from "./lane.ts";
import { createAside, type Aside, type AsideTakeover } from "../aside/marker.ts";
import { OffsetTracker } from "../offsets/offset-tracker.ts";
import type { Replay } from "../replay/replay.ts";

/** One partition in one epoch: its lanes, its offsets and what of them is committed. */
export interface PartitionState<Payload> {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly epoch: Epoch;
  readonly tracker: OffsetTracker;
  /** Lanes with work, by key. */
  readonly lanes: Map<string, Lane<Payload>>;
  /** Lanes of unordered events: null keys, or all of them with `order: none`. */
  readonly looseLanes: Set<Lane<Payload>>;
  /** Keys that are set aside, by lane name; their lanes may be empty. */
  readonly aside: Map<string, Aside<Payload>>;
  /** Those of them that are on their way back. */
  readonly detours: Set<Detour<Payload>>;
  /** Ranges that are sent once more, by job. */
  readonly replays: Map<JobId, Replay<Payload>>;
  /** Keys that a replay is calling. */
  readonly replayedKeys: Set<string>;
  /** Lanes, live or of replays, that wait until a call of their key has ended. */
  readonly contended: Map<string, Lane<Payload>[]>;
  /** Events below may have been attempted by earlier owners, with an end that is not known here. */
  readonly inheritedBelow: Offset;
  unsettledBytes: number;
  isFetchPaused: boolean;
  /** The commit that was last sent, and the one last acknowledged. */
  sent: Commit;
  acknowledged: Commit;
  /** False once the epoch has ended: everything it still produces is dropped. */
  isOwned: boolean;
}

/** What is committed of a partition. */
export interface Commit {
  readonly offset: Offset;
  readonly metadata: string;
}

/** A partition as its new owner takes it over. */
export interface PartitionTakeover {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly epoch: Epoch;
  readonly committed: Commit;
  readonly logEndOffset: Offset;
  /** Keys that earlier owners set aside, each once. */
  readonly markers: readonly AsideTakeover[];
}

/** A partition at the beginning of an epoch. */
export function createPartition<P>(takeover: PartitionTakeover): PartitionState<P> {
  const { topic, partition, epoch, committed, logEndOffset } = takeover;
  const state: PartitionState<P> = {
    topic,
    partition,
    epoch,
    tracker: new OffsetTracker(
      committed.offset,
      decodeDoneSet(committed.metadata, committed.offset, logEndOffset),
    ),
    lanes: new Map(),
    looseLanes: new Set(),
    aside: new Map(),
    detours: new Set(),
    replays: new Map(),
    replayedKeys: new Set(),
    contended: new Map(),
    // Its bounds held an earlier owner to what it had settled, and commits may lag behind that by any number.
    inheritedBelow: logEndOffset,
    unsettledBytes: 0,
    isFetchPaused: false,
    sent: committed,
    acknowledged: committed,
    isOwned: true,
  };
  for (const one of takeover.markers) state.aside.set(one.marker.lane, createAside(state, one));
  return state;
}
