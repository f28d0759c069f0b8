/** Redrive: a key that is set aside is to be delivered again, its dead letter first. */
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

/** Takes a request in. */
export function redrive<P>(context: StepContext<P>, request: RedriveRequest): void {
  const { state } = context;
  const partition = state.partitions.get(partitionName(request.topic, request.partition));
  const name = laneNameOf(state.config.order, request.key);
  const aside = name === null ? undefined : partition?.aside.get(name);
  if (aside !== undefined && isMeant(request, aside.marker)) redriveAside(context, aside);
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
