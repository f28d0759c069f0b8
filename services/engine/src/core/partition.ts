import { decodeDoneSet } from "./done-set.ts";
import type { Epoch, Offset, PartitionId, Topic } from "./identity.ts";
import type { Lane } from "./lane.ts";
import type { Aside, Marker } from "./marker.ts";
import { OffsetTracker } from "./offset-tracker.ts";

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
  readonly aside: Map<string, Aside>;
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
  /** The valid markers that earlier owners left, at most one a lane. */
  readonly markers: readonly Marker[];
}

/** A partition at the beginning of an epoch. */
export function createPartition<P>(takeover: PartitionTakeover): PartitionState<P> {
  const { topic, partition, epoch, committed, logEndOffset, markers } = takeover;
  return {
    topic,
    partition,
    epoch,
    tracker: new OffsetTracker(
      committed.offset,
      decodeDoneSet(committed.metadata, committed.offset, logEndOffset),
    ),
    lanes: new Map(),
    looseLanes: new Set(),
    aside: new Map(markers.map((marker) => [marker.lane, { marker, parkedCount: 0 }])),
    unsettledBytes: 0,
    isFetchPaused: false,
    sent: committed,
    acknowledged: committed,
    isOwned: true,
  };
}
