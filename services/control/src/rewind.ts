/**
 * `rewind/<target>`: the target's group is to go on from other offsets. While the entry stands, processes of the target leave its
 * group and keep out of it, so that its offsets can be set; who set them deletes it. Version 1. An entry that cannot be
 * read keeps them out all the same: to read on from where someone wants to be elsewhere cannot be taken back.
 */
import {
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  type Offset,
  type TargetId,
  type TopicPartition,
} from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** A partition of the group, and where it is to go on. */
export interface RewindMove extends TopicPartition {
  /** What the group had committed when this was wanted; null: nothing. */
  readonly committed: Offset | null;
  readonly to: Offset;
}

/** A rewind that is wanted. */
export interface RewindOrder {
  readonly target: TargetId;
  /** At least one; each partition once. */
  readonly moves: readonly RewindMove[];
  readonly wish: Wish;
}

/** A rewind that stands. Where its entry cannot be read, it has no moves and nobody's wish. */
export interface Rewind extends Omit<RewindOrder, "wish"> {
  readonly wish: Wish | null;
}

/** A rewind as it stands in the log. Offsets are text. */
export interface RewindValue extends WishValue {
  readonly v: 1;
  readonly moves: readonly (readonly [
    topic: string,
    partition: number,
    committed: string | null,
    to: string,
  ])[];
}

/** What all keys of rewinds begin with. */
export const REWINDS = "rewind/";

/** The key of a target's rewind; the next one replaces it. */
export const rewindKey = (target: TargetId): string => `${REWINDS}${target}`;

/** The value of a rewind. */
export function rewindValue({ moves, wish }: Omit<RewindOrder, "target">): RewindValue {
  return {
    ...{ v: 1, ...wishValue(wish) },
    moves: moves.map(({ topic, partition, committed, to }) => {
      return [topic, partition, committed === null ? null : String(committed), String(to)];
    }),
  };
}

/** Whose rewind a key is; null where it is none. */
export function readRewindKey(key: string): TargetId | null {
  const target = key.startsWith(REWINDS) ? key.slice(REWINDS.length) : "";
  return target === "" || target.includes("/") ? null : asTarget(target);
}

/** Reads an entry; null where its key is no rewind's. */
export function readRewind(key: string, value: unknown): Rewind | null {
  const target = readRewindKey(key);
  if (target === null) return null;
  const read = isVersionOne(value)
    ? { wish: readWish(value), moves: movesOf(value["moves"]) }
    : { wish: null, moves: null };
  if (read.wish === null || read.moves === null) return { target, wish: null, moves: [] };
  return { target, wish: read.wish, moves: read.moves };
}

/** How an audit names a move: `rewind/<target>/<topic>/<partition>/<committed, or ->/<to>`. */
export function moveName(
  target: TargetId,
  { topic, partition, committed, to }: RewindMove,
): string {
  return `${REWINDS}${target}/${topic}/${partition}/${committed ?? "-"}/${to}`;
}

/** Reads the name of a move; null for anything else. */
export function readMoveName(name: string): RewindMove | null {
  if (!name.startsWith(REWINDS)) return null;
  const [, , topic = "", partition, committed, to, ...rest] = name.split("/");
  if (rest.length > 0) return null;
  return moveOf([topic, Number(partition), committed === "-" ? null : committed, to]);
}

/** What a rewind says to people. */
export function rewindText({ wish }: Rewind): string {
  if (wish === null) return "stopped for a rewind by an entry that this version cannot read";
  return `stopped for a rewind by ${wish.by}: ${wish.reason}`;
}

function movesOf(value: unknown): readonly RewindMove[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const moves = value.map(moveOf);
  return moves.every((move) => move !== null) ? moves : null;
}

function moveOf(value: unknown): RewindMove | null {
  if (!Array.isArray(value)) return null;
  const parts: readonly unknown[] = value;
  const [topic, partition, committed, to] = parts;
  if (typeof topic !== "string" || topic === "" || !isCount(partition)) return null;
  const [before, after] = [committed === null ? null : offsetOf(committed), offsetOf(to)];
  if (before === undefined || after === undefined) return null;
  return { topic: asTopic(topic), partition: asPartition(partition), committed: before, to: after };
}

function offsetOf(text: unknown): Offset | undefined {
  const value = typeof text === "string" && text !== "" ? Number(text) : Number.NaN;
  return isCount(value) ? asOffset(value) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
