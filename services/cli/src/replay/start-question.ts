import type { ReplayMode } from "@millrace/engine";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { safeText } from "../output/safe-text.ts";
import { goneText, type GoneRecords } from "./gone-records.ts";
import { laterKeysText } from "./later-keys.ts";
import type { SavedPlan } from "./saved-plan.ts";

/** What is about to be started. */
export interface StartQuestion {
  readonly plan: Pick<SavedPlan, "items" | "laterKeys" | "target">;
  /** What of the range is gone, by now. */
  readonly gone: readonly GoneRecords[];
  readonly mode: ReplayMode;
}

/**
 * Asks whether a replay is wanted, with what speaks against it. New keys make a target do again what it has done: that is
 * asked twice.
 * @throws CliError precondition where nobody can be asked.
 */
export async function isStartWanted(
  context: Pick<CommandContext, "asking" | "input" | "terminal">,
  { plan, gone, mode }: StartQuestion,
): Promise<boolean> {
  const { target, items, laterKeys } = plan;
  const later = laterKeys === null ? null : laterKeysText(laterKeys, target);
  if (later !== null) context.terminal.complain(safeText(later));
  const events = items.reduce((sum, item) => sum + item.events, 0);
  const lost = gone.length === 0 ? "" : `${goneText(gone)}. `;
  const what = gone.length === 0 ? `${events} events` : `the ${events} events that are left`;
  if (!(await confirm(context, `${lost}Send ${what} to ${target} again?`))) return false;
  if (mode === "repair") return true;
  return confirm(context, `With new Idempotency-Keys, so that ${target} does all of it again?`);
}
