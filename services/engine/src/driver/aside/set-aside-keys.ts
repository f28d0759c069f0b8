/** Keys that are set aside, for whoever only looks: markers judged by the claims as a new owner would (markers.ts). */
import {
  asOffset,
  asRecordKey,
  type Epoch,
  type Offset,
  type RecordKey,
  type TargetId,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { Marker } from "../../core/aside/marker.ts";
import type { StateEntry, StateLog } from "../../ports.ts";
import type { DeadLetterPlace } from "../dead-letters/dead-letter-places.ts";
import { entriesByPlace, lastOfEachLane, progressOf } from "./markers.ts";
import { partitionOf } from "./state-keys.ts";

/** A key that waits, as its marker says. */
export interface SetAsideKey extends TopicPartition {
  readonly kind: Marker["kind"];
  /** What was parked in an earlier one does not wait behind it; 0 where that is not known. */
  readonly firstEpoch: Epoch;
  /** The record key; empty where the whole partition is blocked (`order: partition`). */
  readonly key: RecordKey;
  /** Of its dead letter, or of the deferred event, in the source partition. */
  readonly offset: Offset;
  /** Everything of the key below is settled for good, on its way back too; at least `offset`. */
  readonly next: Offset;
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
  const list = (kind: string): ReturnType<typeof entriesByPlace> =>
    entriesByPlace(stateLog.list(`${kind}/${target}/`));
  const [claims, markers, progress] = [list("claim"), list("marker"), list("progress")];
  const keys = Array.from(markers, ([name, entries]) => {
    const fence = (claims.get(name) ?? []).map(([, { offset }]) => offset);
    return keysOf(partitionOf(name), {
      markers: entries,
      progress: progress.get(name) ?? [],
      fence,
    });
  });
  return keys.flat().sort(byPlace);
}

type Entries = readonly (readonly [key: string, entry: StateEntry])[];

/** What stands of one partition. */
interface Standing {
  readonly markers: Entries;
  readonly progress: Entries;
  readonly fence: readonly Offset[];
}

function keysOf(
  place: TopicPartition,
  { markers, progress, fence }: Standing,
): readonly SetAsideKey[] {
  const last = lastOfEachLane(markers, fence);
  // Whoever only looks deletes nothing.
  const steps = progressOf(progress, { last, fence }, { void: [], released: [], claims: [] });
  return Array.from(last.values()).flatMap(({ marker }) => {
    const { kind, firstEpoch, lane, offset, redriveCount, dead, since } = marker;
    if (kind === "released") return [];
    const next = asOffset(steps.get(lane)?.next ?? offset);
    const key = asRecordKey(lane);
    return [{ ...place, kind, firstEpoch, key, offset, next, redriveCount, dead, since }];
  });
}

function byPlace(one: SetAsideKey, other: SetAsideKey): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset;
}
