import type { DedupeWindow, TargetConfig } from "@millrace/config";
import type { ReplayMode } from "@millrace/engine";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { durationText } from "../groups/duration-text.ts";
import type { PlannedRange } from "./saved-plan.ts";

/** When the events of a plan were written. */
interface DatedPlan {
  readonly items: readonly Pick<PlannedRange, "first">[];
}

/** The oldest event of a plan, epoch ms; null where no item says when its events were written. */
export function oldestOf({ items }: DatedPlan): number | null {
  const times = items.flatMap(({ first }) => (first === null ? [] : [Date.parse(first)]));
  return times.length === 0 ? null : Math.min(...times);
}

/** How old the oldest event is, ms, where it is older than the target is said to know keys; else null. */
export function beyondWindow(plan: DatedPlan, window: DedupeWindow, nowMs: number): number | null {
  const oldest = oldestOf(plan);
  if (window.kind === "undeclared" || oldest === null) return null;
  return nowMs - oldest > window.windowMs ? nowMs - oldest : null;
}

/**
 * A repair is harmless only while the target knows the keys: what it has forgotten it does again.
 * @throws CliError precondition.
 */
export function requireKnownKeys(
  plan: DatedPlan,
  { name, idempotency: { window } }: Pick<TargetConfig, "idempotency" | "name">,
  of: { readonly mode: ReplayMode; readonly nowMs: number; readonly isForced: boolean },
): void {
  const ageMs = beyondWindow(plan, window, of.nowMs);
  if (ageMs === null || of.mode !== "repair" || of.isForced || window.kind === "undeclared") return;
  throw new CliError(
    EXIT.precondition,
    `the oldest event of the plan is ${text(ageMs)} old, and ${name} knows Idempotency-Keys for ${text(window.windowMs)}: ` +
      "it would do again what it has forgotten",
    { hint: "plan a later range, or say --force where doing it again is what you want" },
  );
}

/** What a plan says of the target's memory. */
export function windowText(
  plan: DatedPlan,
  { name, idempotency: { window } }: Pick<TargetConfig, "idempotency" | "name">,
  nowMs: number,
): { readonly text: string; readonly isWarning: boolean } {
  if (window.kind === "undeclared") {
    const why = "idempotency.window of its configuration does not say it";
    return { text: `nobody knows how long ${name} knows a key: ${why}`, isWarning: false };
  }
  const known = `${name} knows Idempotency-Keys for ${text(window.windowMs)}`;
  const ageMs = beyondWindow(plan, window, nowMs);
  if (ageMs === null) return { text: known, isWarning: false };
  const oldest = `the oldest event is ${text(ageMs)} old: repair is refused without --force`;
  return { text: `${known}, and ${oldest}`, isWarning: true };
}

function text(ms: number): string {
  return durationText(ms / 1_000);
}
