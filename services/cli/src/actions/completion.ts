import { readFile } from "node:fs/promises";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** Prints the script that has a shell complete command lines. */
export async function completion(
  { terminal }: Pick<CommandContext, "terminal">,
  shell: "bash" | "zsh" | "fish",
): Promise<ExitCode> {
  const path = new URL(`../../completion/millrace.${shell}`, import.meta.url);
  terminal.write(await readFile(path, "utf8"));
  return EXIT.ok;
}
