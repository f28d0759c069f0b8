/** Keys that are set aside, for whoever only looks: markers judged by the claims as a new owner would (markers.ts). */
import {
  asRecordKey,
  type Offset,
  type RecordKey,
  type TargetId,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { Marker } from "../../core/aside/marker.ts";
import type { StateEntry, StateLog } from "../../ports.ts";
import type { DeadLetterPlace } from "../dead-letters/dead-letter-places.ts";
import { entriesByPlace, lastOfEachLane } from "./markers.ts";
import { partitionOf } from "./state-keys.ts";

/** A key that waits, as its marker says. */
export interface SetAsideKey extends TopicPartition {
  readonly kind: Marker["kind"];
  /** The record key; empty where the whole partition is blocked (`order: partition`). */
  readonly key: RecordKey;
  /** Of its dead letter, or of the deferred event, in the source partition. */
  readonly offset: Offset;
  /** How often the dead letter had been redriven. */
  readonly redriveCount: number;
  /** Where the dead letter stands in its own topic; null where that is not known. */
  readonly dead: DeadLetterPlace | null;
  /** When the marker was written, RFC 3339; null where it does not say. */
  readonly since: string | null;
}

/** Lists the keys of a target that are set aside, by topic, partition and offset. The log must have been read. */
export function listSetAside(
  stateLog: Pick<StateLog, "list">,
  target: TargetId,
): readonly SetAsideKey[] {
  const claims = entriesByPlace(stateLog.list(`claim/${target}/`));
  const markers = entriesByPlace(stateLog.list(`marker/${target}/`));
  const keys = Array.from(markers, ([name, entries]) => {
    const fence = (claims.get(name) ?? []).map(([, { offset }]) => offset);
    return keysOf(partitionOf(name), entries, fence);
  });
  return keys.flat().sort(byPlace);
}

function keysOf(
  place: TopicPartition,
  entries: readonly (readonly [key: string, entry: StateEntry])[],
  fence: readonly Offset[],
): readonly SetAsideKey[] {
  return Array.from(lastOfEachLane(entries, fence).values()).flatMap(({ marker }) => {
    const { kind, lane, offset, redriveCount, dead, since } = marker;
    if (kind === "released") return [];
    return [{ ...place, kind, key: asRecordKey(lane), offset, redriveCount, dead, since }];
  });
}

function byPlace(one: SetAsideKey, other: SetAsideKey): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset;
}
