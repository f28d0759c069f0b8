import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { goneText, type GoneRecords } from "./gone-records.ts";

/**
 * Asks, where the log has lost a part of what was asked for, whether the rest is meant; nothing where all is there.
 * @param verb what is done with it, such as `Plan`.
 * @throws CliError precondition where nobody can be asked.
 */
export async function isRestWanted(
  context: Pick<CommandContext, "asking" | "input" | "terminal">,
  gone: readonly GoneRecords[],
  verb: string,
): Promise<boolean> {
  return gone.length === 0 || confirm(context, `${goneText(gone)}. ${verb} what is left?`);
}
