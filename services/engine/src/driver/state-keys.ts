/** Keys and values of the state topic that the driver writes. Version 1; unknown versions are refused, not guessed. */
import type { TargetId, Topic, TopicPartition } from "../core/identity.ts";

/** `claim/<target>/<topic>/<partition>`: who owns a partition; the entry's offset is the epoch. */
export const claimKey = (target: TargetId, { topic, partition }: TopicPartition): string =>
  `claim/${target}/${topic}/${partition}`;

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
