/** Keys and values of the state topic that the driver writes. Version 1; unknown versions are refused, not guessed. */
import {
  asEpoch,
  asOffset,
  asPartition,
  asTopic,
  type Epoch,
  type Offset,
  type TargetId,
  type Topic,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { Marker } from "../../core/aside/marker.ts";
import type { DeadLetterPlace } from "../dead-letters/dead-letter-places.ts";

/**
 * `claim/<target>/<topic>/<partition>/<claim>`: who owns a partition; the entry's offset is the epoch. `claim` is unique,
 * so that no claim hides an earlier one that a marker is still judged by.
 */
export const claimKey = (
  target: TargetId,
  { topic, partition }: TopicPartition,
  claim: string,
): string => `claim/${target}/${topic}/${partition}/${claim}`;

/**
 * `marker/<target>/<topic>/<partition>/<epoch>/<base64url key>/<write>`: a key that is set aside. `write` counts the
 * writes of a process, failed ones too: no marker ever replaces another, so one that an ended epoch writes again and
 * late hides none that is valid.
 */
export const markerKey = (target: TargetId, partition: TopicPartition, name: EntryName): string =>
  entryKey("marker", { target, partition, name });

/**
 * `progress/<target>/<topic>/<partition>/<epoch>/<base64url key>/<write>`: how far a key's detour has come. Like markers
 * they never replace one another: a late one would set the detour back.
 */
export const progressKey = (target: TargetId, partition: TopicPartition, name: EntryName): string =>
  entryKey("progress", { target, partition, name });

/**
 * `initialised/<target>/<topic>/<partition>/<epoch>`: where a partition begins, as the owner of this epoch found. None
 * replaces another, so that what an overtaken owner writes late hides nothing.
 */
export const initialisedKey = (
  target: TargetId,
  { topic, partition }: TopicPartition,
  epoch: Epoch,
): string => `initialised/${target}/${topic}/${partition}/${epoch}`;

/** `begun/<target>/<topic>/<partition>`: the group has committed where it begins. True whoever writes it, however late. */
export const begunKey = (target: TargetId, { topic, partition }: TopicPartition): string =>
  `begun/${target}/${topic}/${partition}`;

/** What all keys of a target's sights of topics begin with. */
export const topicsPrefix = (target: TargetId): string => `topic/${target}/`;

/** `topic/<target>/<topic>/<partition count>`: a topic was seen with so many partitions; the fewest are those of the first sight. */
export const topicKey = (target: TargetId, topic: Topic, partitionCount: number): string =>
  `${topicsPrefix(target)}${topic}/${partitionCount}`;

/** What tells the entries of a partition's keys apart. */
export interface EntryName {
  readonly epoch: Epoch;
  readonly lane: string;
  readonly write: number;
}

/** A claim. */
export interface ClaimValue {
  readonly v: 1;
  readonly process: string;
  readonly member: string;
  readonly generation: number;
  readonly at: string;
}

/** A marker, or with `released` the end of the key's markers before it. */
export interface MarkerValue {
  readonly v: 1;
  readonly kind: Marker["kind"] | "released";
  /** Of the first marker that this one stands in the place of; absent: not known. */
  readonly firstEpoch?: number;
  /** Source offset of the dead-lettered or deferred event; of a release, below which all of the key is settled. */
  readonly offset: number;
  readonly redriveCount: number;
  readonly keyCount: number;
  /** Where the dead letter stands in the dead-letter topic; null where that is not known. */
  readonly dead: { readonly partition: number; readonly offset: number } | null;
  readonly at: string;
}

/** How far a detour has come. */
export interface ProgressValue {
  readonly v: 1;
  /** Whose detour: the marker's writer and offset. */
  readonly marker: { readonly epoch: number; readonly offset: number };
  /** Below it everything of the key is settled for good. */
  readonly next: number;
  /** Where to look on in the parked topic; null: at its start. */
  readonly cursor: number | null;
  /** What the key has below is dropped; absent: nothing is. */
  readonly dropBelow?: number;
}

/** Where a partition begins. */
export interface InitialisedValue {
  readonly v: 1;
  readonly offset: number;
}

/** A partition that has begun. */
export interface BegunValue {
  readonly v: 1;
  /** Was committed then. */
  readonly offset: number;
}

/** A topic as it was seen. */
export interface TopicValue {
  readonly v: 1;
  readonly partitionCount: number;
}

/** The partition that a `claim/`, `marker/`, `progress/`, `initialised/` or `replay/` key speaks of, as `<topic>/<partition>`. */
export function placeOf(key: string): string {
  const [, , topic = "", partition = ""] = key.split("/");
  return `${topic}/${partition}`;
}

/** The partition that {@link placeOf} names. */
export function partitionOf(place: string): TopicPartition {
  const slash = place.lastIndexOf("/");
  const partition = asPartition(Number(place.slice(slash + 1)));
  return { topic: asTopic(place.slice(0, slash)), partition };
}

/** Which write of its process an entry is, by its key: of two of an epoch the greater one is the later. */
export function writeOf(key: string): number {
  return Number(key.slice(key.lastIndexOf("/") + 1));
}

/** Reads a claim; null for anything else. */
export function readClaim(value: unknown): Pick<ClaimValue, "generation" | "process"> | null {
  if (!isVersionOne(value)) return null;
  const { generation, process } = value;
  return typeof generation === "number" && typeof process === "string"
    ? { generation, process }
    : null;
}

/** A marker as it stands in the state topic. */
export interface ReadMarker {
  readonly kind: MarkerValue["kind"];
  readonly lane: string;
  readonly epoch: Epoch;
  readonly firstEpoch: Epoch;
  readonly offset: Offset;
  readonly redriveCount: number;
  readonly keyCount: number;
  readonly dead: DeadLetterPlace | null;
  /** When it was written, RFC 3339; null where it does not say. */
  readonly since: string | null;
}

/** Reads a marker; null for anything else. */
export function readMarker(key: string, value: unknown): ReadMarker | null {
  const name = readLane(key);
  if (name === null || !isVersionOne(value)) return null;
  const { kind, firstEpoch, offset, redriveCount, keyCount, dead, at } = value;
  if (typeof kind !== "string" || !isMarkerKind(kind) || !isOffset(offset)) return null;
  return {
    kind,
    ...name,
    firstEpoch: asEpoch(isOffset(firstEpoch) ? firstEpoch : 0),
    offset: asOffset(offset),
    redriveCount: isOffset(redriveCount) ? redriveCount : 0,
    keyCount: isOffset(keyCount) ? keyCount : 0,
    dead: readPlace(dead),
    since: typeof at === "string" ? at : null,
  };
}

/** Reads how far a detour has come; null for anything else. */
export function readProgress(key: string, value: unknown): (ProgressValue & LaneName) | null {
  const name = readLane(key);
  if (name === null || !isVersionOne(value)) return null;
  const { marker, next, cursor, dropBelow } = value;
  if (!isRecord(marker) || !isOffset(next)) return null;
  const { epoch, offset } = marker;
  if (!isOffset(epoch) || !isOffset(offset)) return null;
  return {
    v: 1,
    ...name,
    marker: { epoch, offset },
    next,
    cursor: isOffset(cursor) ? cursor : null,
    ...(isOffset(dropBelow) ? { dropBelow } : {}),
  };
}

/** Reads where a partition begins, and by whose word; null for anything else. */
export function readInitialised(
  key: string,
  value: unknown,
): (InitialisedValue & { readonly epoch: Epoch }) | null {
  const epoch = Number(key.split("/")[4] ?? Number.NaN);
  if (!Number.isSafeInteger(epoch) || !isVersionOne(value)) return null;
  const { offset } = value;
  return isOffset(offset) ? { v: 1, offset, epoch: asEpoch(epoch) } : null;
}

/** Reads that a partition has begun; null for anything else. */
export function readBegun(value: unknown): BegunValue | null {
  if (!isVersionOne(value)) return null;
  const { offset } = value;
  return isOffset(offset) ? { v: 1, offset } : null;
}

/** Reads a topic as it was seen; null for anything else. */
export function readTopic(
  key: string,
  value: unknown,
): (TopicValue & { readonly topic: Topic }) | null {
  const [, , topic = ""] = key.split("/");
  if (!isVersionOne(value)) return null;
  const { partitionCount } = value;
  return typeof partitionCount === "number"
    ? { v: 1, topic: asTopic(topic), partitionCount }
    : null;
}

function entryKey(
  kind: "marker" | "progress",
  of: {
    readonly target: TargetId;
    readonly partition: TopicPartition;
    readonly name: EntryName;
  },
): string {
  const { topic, partition } = of.partition;
  const { epoch, lane, write } = of.name;
  const key = Buffer.from(lane, "latin1").toString("base64url");
  return `${kind}/${of.target}/${topic}/${partition}/${epoch}/${key}/${write}`;
}

interface LaneName {
  readonly epoch: Epoch;
  readonly lane: string;
}

function readLane(key: string): LaneName | null {
  const [, , , , epoch, lane] = key.split("/");
  if (lane === undefined || !Number.isSafeInteger(Number(epoch))) return null;
  return { epoch: asEpoch(Number(epoch)), lane: Buffer.from(lane, "base64url").toString("latin1") };
}

function readPlace(value: unknown): DeadLetterPlace | null {
  if (!isRecord(value)) return null;
  const { partition, offset } = value;
  if (!isOffset(partition) || !isOffset(offset)) return null;
  return { partition: asPartition(partition), offset: asOffset(offset) };
}

function isMarkerKind(kind: string): kind is MarkerValue["kind"] {
  return ["quarantine", "block", "deferred", "released"].includes(kind);
}

/** Whether a value is a safe integer. */
export function isOffset(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

/** Whether a value is an object of version 1. */
export function isVersionOne(value: unknown): value is Record<string, unknown> & { v: 1 } {
  return isRecord(value) && value["v"] === 1;
}

/** Whether a value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
