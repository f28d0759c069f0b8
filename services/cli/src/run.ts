import { CommanderError } from "@commander-js/extra-typings";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { explain } from "./failure.ts";
import type { OutputStream } from "./output/terminal.ts";
import { createProgram } from "./program.ts";
import type { Surroundings } from "./surroundings.ts";

/** Runs one command line; resolves to its exit code once everything is written. Never throws. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const exitCode = await outcomeOf(argv, surroundings);
  await Promise.all([surroundings.stdout, surroundings.stderr].map((stream) => flushed(stream)));
  return exitCode;
}

async function outcomeOf(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stderr, env } = surroundings;
  const program = createProgram(surroundings);
  try {
    await program.command.parseAsync([...argv], { from: "user" });
    return program.exitCode();
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === MISSING_OPTION) {
        const { misspeltText } = await import("./completion/misspelt-option.ts");
        stderr.write(misspeltText(program.command, argv));
      }
      return usageCode(error);
    }
    const { text, exitCode } = await explain(error, env);
    stderr.write(`millrace: ${text}\n`);
    return exitCode;
  }
}

/** What commander says of a mandatory option; an option that is misspelt it names only where none of these is missing. */
const MISSING_OPTION = "commander.missingMandatoryOptionValue";

/** commander ends with 1 on wrong use, and with 0 when it has shown what was asked for. */
function usageCode({ exitCode, code }: CommanderError): ExitCode {
  return exitCode === 0 && code !== "commander.help" ? EXIT.ok : EXIT.usage;
}

function flushed(stream: OutputStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}
