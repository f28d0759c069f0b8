import { createInterface } from "node:readline";
import { CliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./exit-code.ts";

/**
 * Asks on a terminal whether to go on; what it is about has been shown.
 * @returns whether the answer is yes.
 * @throws CliError precondition where nobody can be asked and `--yes` does not say it.
 */
export async function confirm(
  { asking, input, terminal }: Pick<CommandContext, "asking" | "input" | "terminal">,
  question: string,
): Promise<boolean> {
  if (asking === "assume-yes") return true;
  const isTty = "isTTY" in input && input.isTTY === true && terminal.isErrorTty;
  if (asking === "never" || !isTty) {
    throw new CliError(EXIT.precondition, `${question} Nobody can be asked here.`, {
      hint: "say --yes to go on without being asked",
    });
  }
  terminal.ask(`${question} [y/N] `);
  const lines = createInterface({ input });
  try {
    for await (const answer of lines) return /^y(?:es)?$/iu.test(answer.trim());
    return false;
  } finally {
    lines.close();
  }
}
