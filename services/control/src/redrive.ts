/**
 * `redrive/<target>/<topic>/<partition>/<base64url key>/<offset>/<redrives>`: a dead letter is to be delivered again, and what
 * is parked behind it, by whoever owns the partition. It stands until that has ended, one way or the other. The key says all
 * of it, so that an entry whose value cannot be read is a wish all the same. Version 1.
 */
import {
  asOffset,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
  type RedriveRequest,
  type TargetId,
} from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** A redrive that someone wants. */
export interface WantedRedrive {
  readonly target: TargetId;
  readonly request: RedriveRequest;
  /** Null where the entry cannot be read. */
  readonly wish: Wish | null;
}

/** A redrive as it stands in the log. */
export interface RedriveValue extends WishValue {
  readonly v: 1;
}

/** What all keys of redrives begin with. */
export const REDRIVES = "redrive/";

/** The key of a redrive. */
export function redriveKey(
  target: TargetId,
  { topic, partition, key, offset, redriveCount }: RedriveRequest,
): string {
  const name = Buffer.from(key, "latin1").toString("base64url");
  return `${REDRIVES}${target}/${topic}/${partition}/${name}/${offset}/${redriveCount}`;
}

/** The value of a redrive. */
export function redriveValue(wish: Wish): RedriveValue {
  return { v: 1, ...wishValue(wish) };
}

/** What a key wants redriven; null where it is no redrive's. */
export function readRedriveKey(key: string): Omit<WantedRedrive, "wish"> | null {
  if (!key.startsWith(REDRIVES)) return null;
  const [, target = "", topic = "", partition, name, offset, redrives, ...rest] = key.split("/");
  const [at, number, count] = [offset, partition, redrives].map(countOf);
  if (target === "" || topic === "" || name === undefined || rest.length > 0) return null;
  if (at === undefined || number === undefined || count === undefined) return null;
  const request = {
    topic: asTopic(topic),
    partition: asPartition(number),
    key: asRecordKey(Buffer.from(name, "base64url").toString("latin1")),
    offset: asOffset(at),
    redriveCount: count,
  };
  return { target: asTarget(target), request };
}

/** Reads an entry; null where its key is no redrive's. */
export function readRedrive(key: string, value: unknown): WantedRedrive | null {
  const place = readRedriveKey(key);
  return place === null ? null : { ...place, wish: isVersionOne(value) ? readWish(value) : null };
}

function countOf(text: string | undefined): number | undefined {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
