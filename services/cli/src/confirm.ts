import { createInterface } from "node:readline";
import { CliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./exit-code.ts";

/** What is asked. */
type Asking = Pick<CommandContext, "asking" | "input" | "terminal">;

/**
 * Asks on a terminal whether to go on; what it is about has been shown.
 * @returns whether the answer is yes.
 * @throws CliError precondition where nobody can be asked and `--yes` does not say it.
 */
export async function confirm(context: Asking, question: string): Promise<boolean> {
  if (context.asking === "assume-yes") return true;
  requireSomebody(context, question, "say --yes to go on without being asked");
  const answer = await answerOf(context, `${question} [y/N] `);
  return /^y(?:es)?$/iu.test(answer);
}

/** What a name is asked for. */
export interface NameQuestion {
  readonly name: string;
  /** The flag that says it where nobody can be asked. */
  readonly flag: string;
  /** What that flag said. */
  readonly said: string | undefined;
}

/**
 * Has the name typed of what a command is about to change; `--yes` does not say it.
 * @returns whether the name is right.
 * @throws CliError usage for a flag with another name, precondition where nobody can be asked.
 */
export async function confirmName(
  context: Asking,
  { name, flag, said }: NameQuestion,
): Promise<boolean> {
  if (said !== undefined) return isSaid({ name, flag, said });
  const question = `Type ${name} to go on.`;
  requireSomebody(context, question, `say ${flag} ${name} to go on without being asked`);
  return (await answerOf(context, `${question} > `)) === name;
}

function isSaid({ name, flag, said }: NameQuestion): boolean {
  if (said === name) return true;
  throw new CliError(EXIT.usage, `${flag} names ${said ?? "nothing"}, and this is about ${name}`);
}

function requireSomebody(
  { asking, input, terminal }: Asking,
  question: string,
  hint: string,
): void {
  const isTty = "isTTY" in input && input.isTTY === true && terminal.isErrorTty;
  if (asking !== "never" && isTty) return;
  throw new CliError(EXIT.precondition, `${question} Nobody can be asked here.`, { hint });
}

async function answerOf({ input, terminal }: Asking, prompt: string): Promise<string> {
  terminal.ask(prompt);
  const lines = createInterface({ input });
  try {
    for await (const answer of lines) return answer.trim();
    return "";
  } finally {
    lines.close();
  }
}
