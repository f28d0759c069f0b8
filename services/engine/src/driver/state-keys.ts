/** Keys and values of the state topic that the driver writes. Version 1; unknown versions are refused, not guessed. */
import {
  asEpoch,
  asOffset,
  type Epoch,
  type TargetId,
  type Topic,
  type TopicPartition,
} from "../core/identity.ts";
import type { Marker } from "../core/marker.ts";

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
export const markerKey = (
  target: TargetId,
  { topic, partition }: TopicPartition,
  { epoch, lane, write }: { readonly epoch: Epoch; readonly lane: string; readonly write: number },
): string => {
  const name = Buffer.from(lane, "latin1").toString("base64url");
  return `marker/${target}/${topic}/${partition}/${epoch}/${name}/${write}`;
};

/** `initialised/<target>/<topic>/<partition>`: where a partition began, and whether that is committed. */
export const initialisedKey = (target: TargetId, { topic, partition }: TopicPartition): string =>
  `initialised/${target}/${topic}/${partition}`;

/** `topic/<target>/<topic>`: how many partitions there were at first sight; later ones start at 0. */
export const topicKey = (target: TargetId, topic: Topic): string => `topic/${target}/${topic}`;

/** A claim. */
export interface ClaimValue {
  readonly v: 1;
  readonly process: string;
  readonly member: string;
  readonly generation: number;
  readonly at: string;
}

/** A marker. */
export interface MarkerValue {
  readonly v: 1;
  readonly kind: Marker["kind"];
  /** Source offset of the dead letter's event. */
  readonly offset: number;
  /** Where the dead letter stands in the dead-letter topic; null where that is not known. */
  readonly dead: { readonly partition: number; readonly offset: number } | null;
  readonly at: string;
}

/** An initialised partition. */
export interface InitialisedValue {
  readonly v: 1;
  readonly offset: number;
  readonly isCommitted: boolean;
}

/** A topic at first sight. */
export interface TopicValue {
  readonly v: 1;
  readonly partitionCount: number;
}

/** The partition that a `claim/` or `marker/` key speaks of, as `<topic>/<partition>`. */
export function placeOf(key: string): string {
  const [, , topic = "", partition = ""] = key.split("/");
  return `${topic}/${partition}`;
}

/** Reads a marker; null for anything else. */
export function readMarker(key: string, value: unknown): Marker | null {
  if (!isVersionOne(value)) return null;
  const [, , , , epoch, lane] = key.split("/");
  const { kind, offset } = value;
  if (kind !== "quarantine" && kind !== "block") return null;
  if (lane === undefined || !Number.isSafeInteger(Number(epoch)) || typeof offset !== "number")
    return null;
  return {
    kind,
    lane: Buffer.from(lane, "base64url").toString("latin1"),
    epoch: asEpoch(Number(epoch)),
    offset: asOffset(offset),
  };
}

/** Reads an `initialised` value; null for anything else. */
export function readInitialised(value: unknown): InitialisedValue | null {
  if (!isVersionOne(value)) return null;
  const { offset, isCommitted } = value;
  if (typeof offset !== "number" || !Number.isSafeInteger(offset)) return null;
  return typeof isCommitted === "boolean" ? { v: 1, offset, isCommitted } : null;
}

/** Reads a `topic` value; null for anything else. */
export function readTopic(value: unknown): TopicValue | null {
  if (!isVersionOne(value)) return null;
  const { partitionCount } = value;
  return typeof partitionCount === "number" ? { v: 1, partitionCount } : null;
}

function isVersionOne(value: unknown): value is Record<string, unknown> & { v: 1 } {
  return typeof value === "object" && value !== null && "v" in value && value.v === 1;
}
