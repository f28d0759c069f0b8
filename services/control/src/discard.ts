/**
 * `discard/<target>/<topic>/<partition>/<base64url key>/<offset>/<redrives>/<below>`: a key is to go on without its dead letter,
 * and without what of it is parked before the event at `below`, by whoever owns the partition. It stands until that has ended.
 * Like a redrive's the key says all of it; versions that do not know it leave the key waiting. Version 1.
 */
import { asOffset, type DiscardRequest, type TargetId } from "@millrace/engine";
import { readRedriveKey, REDRIVES, redriveKey } from "./redrive.ts";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** A discard that someone wants. */
export interface WantedDiscard {
  readonly target: TargetId;
  readonly request: DiscardRequest;
  /** Null where the entry cannot be read. */
  readonly wish: Wish | null;
}

/** A discard as it stands in the log. */
export interface DiscardValue extends WishValue {
  readonly v: 1;
}

/** What all keys of discards begin with. */
export const DISCARDS = "discard/";

/** The key of a discard. */
export function discardKey(target: TargetId, request: DiscardRequest): string {
  return `${DISCARDS}${redriveKey(target, request).slice(REDRIVES.length)}/${request.below}`;
}

/** The value of a discard. */
export function discardValue(wish: Wish): DiscardValue {
  return { v: 1, ...wishValue(wish) };
}

/** What a key wants discarded; null where it is no discard's, or would not even drop the dead letter. */
export function readDiscardKey(key: string): Omit<WantedDiscard, "wish"> | null {
  const [, name, text] = /^discard\/(.+)\/(\d+)$/u.exec(key) ?? [];
  const place = name === undefined ? null : readRedriveKey(`${REDRIVES}${name}`);
  const below = Number(text);
  if (place === null || !Number.isSafeInteger(below)) return null;
  const { target, request } = place;
  return below > request.offset
    ? { target, request: { ...request, below: asOffset(below) } }
    : null;
}

/** Reads an entry; null where its key is no discard's. */
export function readDiscard(key: string, value: unknown): WantedDiscard | null {
  const place = readDiscardKey(key);
  return place === null ? null : { ...place, wish: isVersionOne(value) ? readWish(value) : null };
}
