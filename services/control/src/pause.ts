/**
 * `pause/<target>/<operator|guard>`: nothing is sent to the target while the entry stands. Version 1.
 *
 * An entry that cannot be read (a newer version, somebody else's bytes) is a pause all the same: to send what someone may
 * have wanted held would be the mistake that cannot be taken back.
 */
import { asTarget, type Pauser, type TargetId } from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** A pause that stands. */
export interface Pause {
  readonly target: TargetId;
  readonly pauser: Pauser;
  /** Null where the entry cannot be read. */
  readonly wish: Wish | null;
}

/** A pause as it stands in the log. */
export interface PauseValue extends WishValue {
  readonly v: 1;
}

/** What all keys of pauses begin with. */
export const PAUSES = "pause/";

/** Everyone who may pause a target. */
export const PAUSERS: readonly Pauser[] = ["operator", "guard"];

/** The key of a pause. */
export const pauseKey = (target: TargetId, pauser: Pauser): string =>
  `${PAUSES}${target}/${pauser}`;

/** The value of a pause. */
export function pauseValue(wish: Wish): PauseValue {
  return { v: 1, ...wishValue(wish) };
}

/** Whose pause a key is; null where it is none. */
export function readPauseKey(key: string): Pick<Pause, "pauser" | "target"> | null {
  if (!key.startsWith(PAUSES)) return null;
  const [, target = "", name, ...rest] = key.split("/");
  const pauser = PAUSERS.find((one) => one === name);
  if (target === "" || pauser === undefined || rest.length > 0) return null;
  return { target: asTarget(target), pauser };
}

/** Reads an entry; null where its key is no pause's. */
export function readPause(key: string, value: unknown): Pause | null {
  const place = readPauseKey(key);
  return place === null ? null : { ...place, wish: isVersionOne(value) ? readWish(value) : null };
}

/** What a pause says to people. */
export function pauseText({ pauser, wish }: Pause): string {
  if (wish === null) return "paused by an entry that this version cannot read";
  const who = pauser === "guard" ? `the guard of ${wish.by}` : wish.by;
  return `paused by ${who}: ${wish.reason}`;
}
