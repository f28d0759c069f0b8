import { confirm, confirmName } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { goneText } from "../replay/gone-records.ts";
import type { RewindPlan } from "./rewind-text.ts";

/** The flag that names the target where nobody can be asked. */
export const NAME_FLAG = "--yes-i-mean";

/** What is about to be done. */
export interface RewindQuestion {
  readonly target: string;
  readonly plan: RewindPlan;
  /** What {@link NAME_FLAG} said, which answers both questions. */
  readonly named: string | undefined;
}

/**
 * Asks twice: whether the plan is meant, with what retention has cut of it, and for the target's name.
 * @throws CliError usage where another target is named, precondition where nobody can be asked.
 */
export async function isRewindWanted(
  context: Pick<CommandContext, "asking" | "input" | "terminal">,
  { target, plan: { items, gone }, named }: RewindQuestion,
): Promise<boolean> {
  const name = { name: target, flag: NAME_FLAG, said: named };
  if (named !== undefined) return confirmName(context, name);
  const lost = items.reduce((sum, item) => sum + item.lost, 0);
  const cut = gone.length === 0 ? "" : `${goneText(gone)}. `;
  const skips = lost === 0 ? "" : `, without ${lost.toLocaleString("en-US")} records for good`;
  const question = `${cut}Stop ${target} and have it go on from there${skips}?`;
  return (await confirm(context, question)) && confirmName(context, name);
}
