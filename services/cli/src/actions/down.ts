import { stopStack } from "@millrace/local";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** Stops the local stack; its data stays. Stopping what does not run is no failure. */
export async function down({ terminal }: CommandContext): Promise<ExitCode> {
  const wasRunning = await stopStack();
  terminal.note(wasRunning ? "stopped; its data is kept" : "nothing ran");
  return EXIT.ok;
}
