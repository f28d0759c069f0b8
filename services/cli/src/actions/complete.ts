/**
 * `millrace __complete -- <words>`: what may follow, for the scripts of `millrace completion`. The first line says what it is:
 * `files`, or `words`, which follow with their descriptions behind a tab. It asks no server. Whoever presses a key has asked
 * for nothing, so nothing that is wrong is told: then nothing may follow.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { completeWords, type Completion } from "../completion/complete-words.ts";
import { knownNames } from "../completion/known-names.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** Writes what may follow. Never fails. */
export async function complete(
  { env, terminal }: Pick<CommandContext, "env" | "terminal">,
  line: { readonly program: CommandUnknownOpts; readonly words: readonly string[] },
): Promise<ExitCode> {
  const names = (path: string | null) => knownNames(path === null ? null : asPath(path, env), env);
  try {
    terminal.write(textOf(await completeWords({ ...line, names })));
  } catch {
    terminal.write("words\n");
  }
  return EXIT.ok;
}

/** A word as it is written may be quoted, and the shell has not put the home folder in yet. */
function asPath(word: string, { HOME: home }: NodeJS.ProcessEnv): string {
  const path = word.replaceAll(/\\(.)|["']/gsu, "$1");
  return home !== undefined && path.startsWith("~/") ? `${home}${path.slice(1)}` : path;
}

function textOf(completion: Completion): string {
  if (completion.kind === "files") return "files\n";
  const lines = completion.candidates.map(({ word, description }) => `${word}\t${description}\n`);
  return ["words\n", ...lines].join("");
}
