/**
 * `breaker-reset/<target>`: what breakers of the target have seen before the entry holds no more, so that one that is open asks
 * again now. A process that starts later has seen nothing. An entry that cannot be read is a reset all the same: at worst a
 * call is made that fails. Version 1.
 */
import { asTarget, type TargetId } from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** A reset that someone wanted. */
export interface BreakerReset {
  readonly target: TargetId;
  /** Null where the entry cannot be read. */
  readonly wish: Wish | null;
}

/** A reset as it stands in the log. */
export interface BreakerResetValue extends WishValue {
  readonly v: 1;
}

const RESETS = "breaker-reset/";

/** The key of a target's reset; the next one replaces it. */
export const breakerResetKey = (target: TargetId): string => `${RESETS}${target}`;

/** The value of a reset. */
export function breakerResetValue(wish: Wish): BreakerResetValue {
  return { v: 1, ...wishValue(wish) };
}

/** Reads an entry; null where its key is no reset's. */
export function readBreakerReset(key: string, value: unknown): BreakerReset | null {
  const target = key.startsWith(RESETS) ? key.slice(RESETS.length) : "";
  if (target === "" || target.includes("/")) return null;
  return { target: asTarget(target), wish: isVersionOne(value) ? readWish(value) : null };
}
