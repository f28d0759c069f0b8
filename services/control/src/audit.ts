/**
 * `audit/<time>-<id>`: what someone did, kept for good. It is written in one call with what it tells of, and acknowledged
 * with it.
 */
import { asTarget, type ReplayWish, type TargetId } from "@millrace/engine";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** What all keys of audit entries begin with. */
export const AUDITS = "audit/";

/** How keys go on without their dead letters: all that is parked is delivered, or that is dropped too. */
export type DiscardAction = "quarantine-drop" | "quarantine-release";

/** What can be done. */
export type AuditAction =
  | ("breaker-reset" | "drop" | "pause" | "redrive" | "resume")
  | ("rewind" | "rewind-cancel" | "rewind-done")
  | DiscardAction
  | `replay-${ReplayWish}`;

const ACTIONS: ReadonlySet<unknown> = new Set<AuditAction>([
  ...(["breaker-reset", "pause", "resume", "redrive", "drop"] as const),
  ...(["quarantine-release", "quarantine-drop"] as const),
  ...(["rewind", "rewind-cancel", "rewind-done"] as const),
  ...(["replay-run", "replay-pause", "replay-cancel"] as const),
]);

/** What someone did. */
export interface Audit {
  readonly action: AuditAction;
  readonly target: TargetId;
  readonly wish: Wish;
  /** What it was done to, where that is not the whole target: keys of the entries written, or of a rewind its moves. */
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
    key: `${AUDITS}${at}-${id}`,
    value: { v: 1, action, target, ...who, at, ...(of === undefined ? {} : { of }) },
  };
}

/** Reads an entry; null for anything else. */
export function readAudit(value: unknown): Audit | null {
  if (!isVersionOne(value)) return null;
  const { action, target, of } = value;
  const wish = readWish(value);
  if (wish === null || !isAction(action) || typeof target !== "string") return null;
  const audit = { action, target: asTarget(target), wish };
  return isTexts(of) ? { ...audit, of } : audit;
}

function isAction(value: unknown): value is AuditAction {
  return ACTIONS.has(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
