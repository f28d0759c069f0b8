/**
 * What people want of a key behind its dead letter: a redrive delivers it again, the dead letter first; a discard has it go on
 * without that, and without what is parked up to some event. The first that its owner takes in is what happens: what has
 * begun goes on as it is.
 */
import type { StepContext } from "../context.ts";
import { startDetour } from "./detour.ts";
import type { Offset, RecordKey, TopicPartition } from "../lanes/identity.ts";
import { laneNameOf } from "../lanes/lane.ts";
import type { Aside, Marker } from "./marker.ts";
import { partitionName } from "../state.ts";
import { askForMark } from "./writes.ts";

/**
 * What is to be redriven, named by the marker that people saw; asking again, or for what is not set aside here, changes
 * nothing, and a dead letter that has been redriven since is not redriven twice.
 */
export interface RedriveRequest extends TopicPartition {
  /** With `order: partition` whatever key; the partition is redriven. */
  readonly key: RecordKey;
  /** Of the dead letter in its source partition. */
  readonly offset: Offset;
  /** How often it had been redriven before. */
  readonly redriveCount: number;
}

/** What is not to be delivered, named by the marker that people saw; like a redrive it may be asked for again. */
export interface DiscardRequest extends RedriveRequest {
  /** The dead letter, and what its key has parked below, is dropped; from here on all is delivered. Above `offset`. */
  readonly below: Offset;
}

/** Takes a redrive in. */
export function redrive<P>(context: StepContext<P>, request: RedriveRequest): void {
  const aside = meantBy(context, request);
  if (aside !== undefined) redriveAside(context, aside);
}

/** Takes a discard in. Where an earlier owner had begun a redrive, that goes on. */
export function discard<P>(context: StepContext<P>, request: DiscardRequest): void {
  const aside = meantBy(context, request);
  if (aside === undefined || aside.detour !== null || aside.isMarking) return;
  const hasBegun = aside.next > aside.marker.offset;
  if (!hasBegun && aside.marker.kind !== "deferred") aside.dropBelow ??= request.below;
  redriveAside(context, aside);
}

function meantBy<P>({ state }: StepContext<P>, request: RedriveRequest): Aside<P> | undefined {
  const partition = state.partitions.get(partitionName(request.topic, request.partition));
  const name = laneNameOf(state.config.order, request.key);
  const aside = name === null ? undefined : partition?.aside.get(name);
  return aside !== undefined && isMeant(request, aside.marker) ? aside : undefined;
}

function isMeant({ offset, redriveCount }: RedriveRequest, marker: Marker): boolean {
  return marker.offset === offset && marker.redriveCount === redriveCount;
}

/** Begins the way back of a key. A blocked one goes into quarantine first, so that both have one way. */
export function redriveAside<P>(context: StepContext<P>, aside: Aside<P>): void {
  const { marker, partition } = aside;
  if (marker.kind === "quarantine") return startDetour(context, aside);
  // A deferred key comes back by itself.
  if (marker.kind === "deferred" || aside.isMarking) return;
  aside.isMarking = true;
  const quarantine: Marker = { ...marker, kind: "quarantine", epoch: partition.epoch };
  askForMark(context, { partition, delivery: null, marker: quarantine, earlier: marker });
}
