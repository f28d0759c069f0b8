/**
 * Markers as a new owner finds them. A marker of epoch `e` at offset `m` of the state topic is valid if its writer owned
 * the partition when it was written: no claim of the partition stands at an offset `c` with `e < c < m`. Of several
 * valid ones of a key the last one holds: a write that was taken for failed may stand there too.
 *
 * Claims and markers have unique keys, so compaction keeps each until its tombstone. After its claim is read back, the
 * owner
 * 1. judges all markers against all claims, and voids those that do not hold (tombstones, acknowledged);
 * 2. voids releases that hold: nothing is left that they end (tombstones, acknowledged);
 * 3. forgets all claims before its own (tombstones, acknowledged);
 * 4. dispatches.
 *
 * Why a crash anywhere in between is safe: a judgement never changes while the claims stand. A crash in 1 leaves the
 * claims, so the next owner judges the rest alike; so does one in 2, since a release outlives what it ends. In 3 every
 * marker below our claim is judged and every invalid one
 * void: of those that hold, `e` is the last claim before `m`, so no claim that is left can lie between. A marker that an
 * ended epoch writes later stands above our claim, which condemns it, and our claim stands until a later owner has
 * judged all below its own. An owner that has been overtaken meanwhile does no harm either: it voids only what holds
 * for nobody, and forgets only claims before its own, which it has judged by.
 */
import {
  asOffset,
  type Epoch,
  type Offset,
  type TargetId,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { AsideTakeover, Marker } from "../../core/aside/marker.ts";
import { partitionName } from "../../core/state.ts";
import type { StateEntry, StateLog } from "../../ports.ts";
import { DeadLetterPlaces } from "../dead-letters/dead-letter-places.ts";
import { placeOf, readMarker, readProgress, writeOf, type ReadMarker } from "./state-keys.ts";

/** A partition that is being taken, and the offset of its new claim. */
export interface Claimed extends TopicPartition {
  readonly epoch: Epoch;
}

type StepName = Pick<Step, "epoch" | "key" | "next">;

/** What judging works with. */
export interface Judging {
  readonly target: TargetId;
  readonly stateLog: StateLog;
  readonly places: DeadLetterPlaces;
}

/** A marker, and where it was found. */
export interface Found {
  readonly key: string;
  readonly marker: ReadMarker;
  /** Where it stands in the state topic. */
  readonly at: Offset;
}

/** A detour's progress, and its key. */
export interface Step {
  readonly key: string;
  readonly epoch: Epoch;
  readonly next: number;
  readonly cursor: Offset | null;
  readonly dropBelow: Offset | null;
}

type Entry = readonly [key: string, entry: StateEntry];
type Entries = ReadonlyMap<string, readonly Entry[]>;

/** Keys to be deleted, in this order. */
export interface Sentence {
  readonly void: string[];
  readonly released: string[];
  readonly claims: string[];
}

/** Keys that are set aside in claimed partitions, by partition name, and what is to be deleted. */
interface Judgement {
  readonly aside: ReadonlyMap<string, readonly AsideTakeover[]>;
  readonly sentence: Sentence;
}

/**
 * Gives the keys that are set aside in claimed partitions, by partition name; voids all markers that do not hold, and
 * forgets earlier claims.
 * @throws MillraceError of the state log; may be repeated.
 */
export async function judgeMarkers(
  claimed: readonly Claimed[],
  judging: Judging,
): Promise<ReadonlyMap<string, readonly AsideTakeover[]>> {
  const { aside, sentence } = judge(claimed, judging);
  const { stateLog } = judging;
  await forget(sentence.void, stateLog);
  await forget(sentence.released, stateLog);
  await forget(sentence.claims, stateLog);
  return aside;
}

/** The same keys, and nothing is deleted: the next owner does. */
export function asideIn(
  claimed: readonly Claimed[],
  of: Omit<Judging, "places">,
): ReadonlyMap<string, readonly AsideTakeover[]> {
  return judge(claimed, { ...of, places: new DeadLetterPlaces() }).aside;
}

function judge(claimed: readonly Claimed[], { target, stateLog, places }: Judging): Judgement {
  const list = (kind: string): Entries => entriesByPlace(stateLog.list(`${kind}/${target}/`));
  const [claims, markers, progress] = [list("claim"), list("marker"), list("progress")];
  const aside = new Map<string, readonly AsideTakeover[]>();
  const sentence: Sentence = { void: [], released: [], claims: [] };
  for (const { topic, partition, epoch } of claimed) {
    const name = partitionName(topic, partition);
    const claimsHere = claims.get(name) ?? [];
    const fence = claimsHere.map(([, { offset }]) => offset);
    const last = lastOfEachLane(markers.get(name) ?? [], fence);
    const holding = new Set(Array.from(last.values(), ({ key }) => key));
    for (const [key] of markers.get(name) ?? []) if (!holding.has(key)) sentence.void.push(key);
    const steps = progressOf(progress.get(name) ?? [], { last, fence }, sentence);
    aside.set(name, takeovers(last, steps, { places, sentence }));
    for (const [key, { offset }] of claimsHere) if (offset < epoch) sentence.claims.push(key);
  }
  return { aside, sentence };
}

/** The last valid marker or release of each lane of a partition, as its claims (`fence`) judge them. */
export function lastOfEachLane(
  entries: readonly Entry[],
  fence: readonly Offset[],
): ReadonlyMap<string, Found> {
  const last = new Map<string, Found>();
  for (const [key, { offset, value }] of entries) {
    const marker = readMarker(key, value);
    if (marker === null || isFenced(marker.epoch, offset, fence)) continue;
    if ((last.get(marker.lane)?.at ?? -1) >= offset) continue;
    last.set(marker.lane, { key, marker, at: offset });
  }
  return last;
}

/** How far the detours of markers that hold have come, as the furthest valid entry tells; the rest is void. */
export function progressOf(
  entries: readonly Entry[],
  { last, fence }: { readonly last: ReadonlyMap<string, Found>; readonly fence: readonly Offset[] },
  sentence: Sentence,
): ReadonlyMap<string, Step> {
  const furthest = new Map<string, Step>();
  for (const [key, { offset, value }] of entries) {
    const step = readProgress(key, value);
    const marker = step === null ? undefined : last.get(step.lane)?.marker;
    const isOfMarker =
      marker?.epoch === step?.marker.epoch &&
      marker?.offset === step?.marker.offset &&
      marker?.kind !== "released";
    const isValid = step !== null && isOfMarker && !isFenced(step.epoch, offset, fence);
    const before = step === null ? undefined : furthest.get(step.lane);
    // Of two that tell the same its writer may delete the earlier one (trail.ts).
    if (!isValid || (before !== undefined && !isLater({ key, ...step }, before))) {
      sentence.void.push(key);
      continue;
    }
    if (before !== undefined) sentence.void.push(before.key);
    const cursor = step.cursor === null ? null : asOffset(step.cursor);
    const dropBelow = step.dropBelow === undefined ? null : asOffset(step.dropBelow);
    furthest.set(step.lane, { key, epoch: step.epoch, next: step.next, cursor, dropBelow });
  }
  return furthest;
}

function takeovers(
  last: ReadonlyMap<string, Found>,
  steps: ReadonlyMap<string, Step>,
  { places, sentence }: { readonly places: DeadLetterPlaces; readonly sentence: Sentence },
): readonly AsideTakeover[] {
  const aside: AsideTakeover[] = [];
  for (const [lane, { key, marker: found }] of last) {
    const { kind, epoch, firstEpoch, offset, redriveCount, keyCount, dead } = found;
    if (kind === "released") {
      sentence.released.push(key);
      continue;
    }
    const marker: Marker = { kind, lane, epoch, firstEpoch, offset, redriveCount, keyCount };
    places.noteMarker(marker, dead);
    const step = steps.get(lane);
    const next = step === undefined ? offset : asOffset(step.next);
    const { cursor = null, dropBelow = null } = step ?? {};
    aside.push({ marker, next, cursor, dropBelow });
  }
  return aside;
}

/** A later owner that came no further may still drop what an earlier one did not. */
function isLater(one: StepName, other: StepName): boolean {
  if (one.next !== other.next) return one.next > other.next;
  if (one.epoch !== other.epoch) return one.epoch > other.epoch;
  return writeOf(one.key) > writeOf(other.key);
}

/** Whether an entry was written by an owner that had been overtaken. */
export function isFenced(epoch: Epoch, at: Offset, claims: readonly Offset[]): boolean {
  return claims.some((claim) => epoch < claim && claim < at);
}

async function forget(keys: readonly string[], stateLog: StateLog): Promise<void> {
  if (keys.length > 0) await stateLog.append(keys.map((key) => ({ key, value: null })));
}

/** Entries of a target by the partition that they speak of, `<topic>/<partition>`. */
export function entriesByPlace(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const places = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = placeOf(entry[0]);
    const here = places.get(name);
    if (here === undefined) places.set(name, [entry]);
    else here.push(entry);
  }
  return places;
}
