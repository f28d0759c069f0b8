import { PassThrough } from "node:stream";
import type { CommandContext } from "../src/context.ts";
import { Terminal } from "../src/output/terminal.ts";

/** A terminal, and what it is told. */
export interface AnsweringTerminal {
  readonly context: Pick<CommandContext, "asking" | "input" | "terminal">;
  /** What was written to standard error: questions, and what speaks for itself. */
  readonly told: readonly string[];
}

/** A terminal whose person gives these answers, one for each question. */
export function answeringTerminal(
  answers: readonly string[],
  asking: CommandContext["asking"] = "ask",
): AnsweringTerminal {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const error = Object.assign(new PassThrough(), { isTTY: true });
  const told: string[] = [];
  const left = [...answers];
  error.on("data", (bytes: Buffer) => {
    const text = String(bytes);
    told.push(text);
    if (/(?:\[y\/N\]|>) $/u.test(text)) input.write(`${left.shift() ?? ""}\n`);
  });
  const output = new PassThrough();
  const terminal = new Terminal({ output, error, env: {}, verbosity: "normal", colour: "never" });
  return { context: { asking, input, terminal }, told };
}
