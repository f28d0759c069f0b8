import { PassThrough } from "node:stream";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { createProgram } from "../src/program.ts";

/** The program, which writes to nobody. */
export function testProgram(): CommandUnknownOpts {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const interrupts = { take: () => AbortSignal.abort() };
  return createProgram({ stdout, stderr, stdin, env: {}, interrupts }).command;
}

/** A command, with the words that name it. */
export interface NamedCommand {
  readonly words: readonly string[];
  readonly command: CommandUnknownOpts;
}

/** Every command that people see and that does something, in the order of the help. */
export function leavesOf(
  command: CommandUnknownOpts,
  words: readonly string[] = [],
): readonly NamedCommand[] {
  const visible = command.createHelp().visibleCommands(command);
  const own = visible.filter((one) => one.name() !== "help");
  if (own.length === 0) return [{ words, command }];
  return own.flatMap((one) => leavesOf(one, [...words, one.name()]));
}
