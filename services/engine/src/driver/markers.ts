/**
 * Markers as a new owner finds them. A marker of epoch `e` at offset `m` of the state topic is valid if its writer owned
 * the partition when it was written: no claim of the partition stands at an offset `c` with `e < c < m`. Of several
 * valid ones of a key the last one holds: a write that was taken for failed may stand there too.
 *
 * Claims and markers have unique keys, so compaction keeps each until its tombstone. After its claim is read back, the
 * owner
 * 1. judges all markers against all claims, and voids those that do not hold (tombstones, acknowledged);
 * 2. forgets all claims before its own (tombstones, acknowledged);
 * 3. dispatches.
 *
 * Why a crash anywhere in between is safe: a judgement never changes while the claims stand. A crash in 1 leaves the
 * claims, so the next owner judges the rest alike. In 2 every marker below our claim is judged and every invalid one
 * void: of those that hold, `e` is the last claim before `m`, so no claim that is left can lie between. A marker that an
 * ended epoch writes later stands above our claim, which condemns it, and our claim stands until a later owner has
 * judged all below its own. An owner that has been overtaken meanwhile does no harm either: it voids only what holds
 * for nobody, and forgets only claims before its own, which it has judged by.
 */
import type { Epoch, Offset, TargetId, TopicPartition } from "../core/identity.ts";
import type { Marker } from "../core/marker.ts";
import { partitionName } from "../core/state.ts";
import type { StateEntry, StateLog } from "../ports.ts";
import { placeOf, readMarker } from "./state-keys.ts";

/** A partition that is being taken, and the offset of its new claim. */
export interface Claimed extends TopicPartition {
  readonly epoch: Epoch;
}

interface Found {
  readonly key: string;
  readonly marker: Marker;
  /** Where it stands in the state topic. */
  readonly at: Offset;
}

type Entry = readonly [key: string, entry: StateEntry];

/**
 * Gives the markers that hold for claimed partitions, one a lane, by partition name; voids the others, and forgets
 * earlier claims.
 * @throws MillraceError of the state log; may be repeated.
 */
export async function judgeMarkers(
  target: TargetId,
  claimed: readonly Claimed[],
  stateLog: StateLog,
): Promise<ReadonlyMap<string, readonly Marker[]>> {
  const claims = byPlace(stateLog.list(`claim/${target}/`));
  const entries = byPlace(stateLog.list(`marker/${target}/`));
  const holding = new Map<string, readonly Marker[]>();
  const others: string[] = [];
  const earlier: string[] = [];
  for (const { topic, partition, epoch } of claimed) {
    const name = partitionName(topic, partition);
    const claimsHere = claims.get(name) ?? [];
    const claimOffsets = claimsHere.map(([, { offset }]) => offset);
    const found = entries.get(name) ?? [];
    const last = lastOfEachLane(found, claimOffsets);
    holding.set(
      name,
      [...last.values()].map(({ marker }) => marker),
    );
    const kept = new Set([...last.values()].map(({ key }) => key));
    for (const [key] of found) if (!kept.has(key)) others.push(key);
    for (const [key, { offset }] of claimsHere) if (offset < epoch) earlier.push(key);
  }
  await forget(others, stateLog);
  await forget(earlier, stateLog);
  return holding;
}

/** The last valid marker of each lane. */
function lastOfEachLane(
  entries: readonly Entry[],
  claims: readonly Offset[],
): ReadonlyMap<string, Found> {
  const last = new Map<string, Found>();
  for (const [key, { offset, value }] of entries) {
    const marker = readMarker(key, value);
    if (marker === null || claims.some((claim) => marker.epoch < claim && claim < offset)) continue;
    if ((last.get(marker.lane)?.at ?? -1) < offset)
      last.set(marker.lane, { key, marker, at: offset });
  }
  return last;
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
