import type { Command } from "@commander-js/extra-typings";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";

/** What the definitions of commands work with. */
export interface Registrar {
  readonly program: Command;
  /** Runs an action with the context of this command line. */
  readonly act: (action: (context: CommandContext) => Promise<ExitCode>) => Promise<void>;
}
