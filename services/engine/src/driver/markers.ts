/**
 * Markers as a new owner finds them. A marker of epoch `e` at offset `m` of the state topic is valid if its writer owned
 * the partition when it was written: no claim of the partition stands at an offset `c` with `e < c < m`.
 *
 * Claims have unique keys, so compaction keeps each until its tombstone. After its claim is read back, the owner
 * 1. judges all markers against all claims, and voids the invalid ones (tombstones, acknowledged);
 * 2. forgets all claims before its own (tombstones, acknowledged);
 * 3. dispatches.
 *
 * Why a crash anywhere in between is safe: a judgement never changes while the claims stand. A crash in 1 leaves the
 * claims, so the next owner judges the rest alike. In 2 every marker below our claim is judged and every invalid one
 * void: of the valid ones, `e` is the last claim before `m`, so no claim that is left can lie between. A marker that an
 * ended epoch writes later stands above our claim, which condemns it, and our claim stands until a later owner has
 * judged all below its own. An owner that has been overtaken meanwhile does no harm either: it voids only what is
 * invalid for everyone, and forgets only claims before its own, which it has judged by.
 */
import type { TopicPartition } from "../core/identity.ts";
import type { Epoch } from "../core/identity.ts";
import type { Marker } from "../core/marker.ts";
import { partitionName } from "../core/state.ts";
import type { StateEntry, StateLog } from "../ports.ts";
import type { TargetId } from "../core/identity.ts";
import { placeOf, readMarker } from "./state-keys.ts";

/** A partition that is being taken, and the offset of its new claim. */
export interface Claimed extends TopicPartition {
  readonly epoch: Epoch;
}

type Entry = readonly [key: string, entry: StateEntry];

/**
 * Gives the valid markers of claimed partitions, by partition name, voids the others, and forgets earlier claims.
 * @throws MillraceError of the state log; may be repeated.
 */
export async function judgeMarkers(
  target: TargetId,
  claimed: readonly Claimed[],
  stateLog: StateLog,
): Promise<ReadonlyMap<string, readonly Marker[]>> {
  const claims = byPlace(stateLog.list(`claim/${target}/`));
  const entries = byPlace(stateLog.list(`marker/${target}/`));
  const valid = new Map<string, readonly Marker[]>();
  const invalid: string[] = [];
  const earlier: string[] = [];
  for (const { topic, partition, epoch } of claimed) {
    const name = partitionName(topic, partition);
    const claimsHere = claims.get(name) ?? [];
    const offsets = claimsHere.map(([, { offset }]) => offset);
    const markers: Marker[] = [];
    for (const [key, { offset, value }] of entries.get(name) ?? []) {
      const marker = readMarker(key, value);
      const isValid = marker !== null && !offsets.some((c) => marker.epoch < c && c < offset);
      if (isValid) markers.push(marker);
      else invalid.push(key);
    }
    valid.set(name, markers);
    for (const [key, { offset }] of claimsHere) if (offset < epoch) earlier.push(key);
  }
  await forget(invalid, stateLog);
  await forget(earlier, stateLog);
  return valid;
}

async function forget(keys: readonly string[], stateLog: StateLog): Promise<void> {
  if (keys.length > 0) await stateLog.append(keys.map((key) => ({ key, value: null })));
}

function byPlace(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const places = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = placeOf(entry[0]);
    const here = places.get(name);
    if (here === undefined) places.set(name, [entry]);
    else here.push(entry);
  }
  return places;
}
