/**
 * `audit/<time>-<id>`: what someone did, kept for good. It is written in one call with what it tells of, and acknowledged
 * with it.
 */
import type { ReplayWish, TargetId } from "@millrace/engine";
import { wishValue, type Wish, type WishValue } from "./wish.ts";

/** What can be done. */
export type AuditAction =
  "breaker-reset" | "drop" | "pause" | "redrive" | "resume" | `replay-${ReplayWish}`;

/** What someone did. */
export interface Audit {
  readonly action: AuditAction;
  readonly target: TargetId;
  readonly wish: Wish;
  /** What it was done to, where that is not the whole target: keys of the entries written. */
  readonly of?: readonly string[];
}

/** What was done, as it stands in the log. */
export interface AuditValue extends WishValue {
  readonly v: 1;
  readonly action: AuditAction;
  readonly target: string;
  readonly of?: readonly string[];
}

/**
 * The entry of an action.
 * @param id unique; keys sort by time.
 */
export function auditEntry(
  { action, target, wish, of }: Audit,
  id: string,
): { readonly key: string; readonly value: AuditValue } {
  const { at, ...who } = wishValue(wish);
  return {
    key: `audit/${at}-${id}`,
    value: { v: 1, action, target, ...who, at, ...(of === undefined ? {} : { of }) },
  };
}
