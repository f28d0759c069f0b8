/**
 * `resolution/<target>/<topic>/<partition>/<offset>`: a dead letter is open no more, named by its event's place. It was delivered
 * by a redrive, or someone dropped it. Version 1.
 */
import {
  asOffset,
  asPartition,
  asTopic,
  type Offset,
  type TargetId,
  type TopicPartition,
} from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** How a dead letter was resolved. */
export type ResolutionKind = "redriven" | "dropped";

/** The event that a dead letter is of. */
export interface DeadLetterEvent extends TopicPartition {
  readonly offset: Offset;
}

/** A resolution that stands. */
export interface Resolution {
  readonly kind: ResolutionKind;
  readonly wish: Wish;
}

/** A resolution as it stands in the log. */
export interface ResolutionValue extends WishValue {
  readonly v: 1;
  readonly kind: ResolutionKind;
}

/** A dead letter that a resolution may be of. */
export interface WrittenLetter {
  /** By the brokers' clock, epoch ms. */
  readonly writtenAtMs: number;
  /** Whether later events of its key waited for it; null where its record does not say. */
  readonly holdsKey: boolean | null;
}

/** How far the clocks of brokers and of whoever resolves may be apart, ms. */
const CLOCKS_APART_MS = 3_600_000;

/**
 * Whether a resolution of an event is one of this dead letter of it. The same event may be given up anew after its group's
 * offsets were set back. And what nothing waits for is not redriven: what was, is an earlier dead letter of the event.
 */
export function isResolvedBy(
  { kind, wish }: Resolution,
  { writtenAtMs, holdsKey }: WrittenLetter,
): boolean {
  if (kind === "redriven" && holdsKey === false) return false;
  return mayFollow({ wish }, writtenAtMs);
}

/** Whether a resolution may be of what was there at a time, epoch ms; else it was made for sure before. */
export function mayFollow({ wish }: Pick<Resolution, "wish">, atMs: number): boolean {
  return atMs <= wish.at + CLOCKS_APART_MS;
}

/** What all keys of resolutions begin with. */
export const RESOLUTIONS = "resolution/";

/** The key of a resolution. */
export const resolutionKey = (
  target: TargetId,
  { topic, partition, offset }: DeadLetterEvent,
): string => `${RESOLUTIONS}${target}/${topic}/${partition}/${offset}`;

/** Of which event a key is; null where it is no resolution's. */
export function readResolutionKey(key: string): DeadLetterEvent | null {
  const [, , topic, partition, offset, ...rest] = key.split("/");
  if (!key.startsWith(RESOLUTIONS) || topic === undefined || rest.length > 0) return null;
  const [part, at] = [Number(partition), Number(offset)];
  if (!Number.isSafeInteger(part) || !Number.isSafeInteger(at)) return null;
  return { topic: asTopic(topic), partition: asPartition(part), offset: asOffset(at) };
}

/** The value of a resolution. */
export function resolutionValue({ kind, wish }: Resolution): ResolutionValue {
  return { v: 1, kind, ...wishValue(wish) };
}

/** Reads a value; null for anything else: a dead letter that nobody understands to be resolved is open. */
export function readResolution(value: unknown): Resolution | null {
  if (!isVersionOne(value)) return null;
  const wish = readWish(value);
  const kind = value["kind"];
  if (wish === null || (kind !== "redriven" && kind !== "dropped")) return null;
  return { kind, wish };
}
