/**
 * `throttle/<target>`: the target asked a process for time (429, or 503 with Retry-After), and every process of it is meant: nothing is
 * sent until then. The entry ends by itself and is never deleted; the next one replaces it. One that cannot be read is
 * none: whoever wrote it keeps to it, and the others hear of it from the target. Version 1.
 */
import { asTarget, type TargetId } from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** What a target asked for. */
export interface AskedTime {
  /** Epoch ms of the clock of who says so, as `wish.at` is. */
  readonly until: number;
  readonly wish: Wish;
}

/** A target's last entry; its time may be over. */
export interface TargetThrottle {
  readonly target: TargetId;
  /** Null where the entry cannot be read. */
  readonly asked: AskedTime | null;
}

/** An entry as it stands in the log; `until` is RFC 3339. */
export interface ThrottleValue extends WishValue {
  readonly v: 1;
  readonly until: string;
}

/** What all keys of throttles begin with. */
export const THROTTLES = "throttle/";

/** The key of a target's throttle. */
export const throttleKey = (target: TargetId): string => `${THROTTLES}${target}`;

/** The value of a throttle. */
export function throttleValue({ until, wish }: AskedTime): ThrottleValue {
  return { v: 1, ...wishValue(wish), until: new Date(until).toISOString() };
}

/** Reads an entry; null where its key is no throttle's. */
export function readThrottle(key: string, value: unknown): TargetThrottle | null {
  const target = key.startsWith(THROTTLES) ? key.slice(THROTTLES.length) : "";
  if (target === "" || target.includes("/")) return null;
  return { target: asTarget(target), asked: isVersionOne(value) ? readAsked(value) : null };
}

function readAsked(value: Readonly<Record<string, unknown>>): AskedTime | null {
  const wish = readWish(value);
  const until = typeof value["until"] === "string" ? Date.parse(value["until"]) : Number.NaN;
  return wish === null || Number.isNaN(until) ? null : { until, wish };
}
