import { startStack, type StackStatus } from "@millrace/local";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { STACK_COLUMNS, stackItems } from "../stack-item.ts";

/** Ports that are asked for; left out, the usual ones or free ones. */
export interface UpOptions {
  readonly kafkaPort?: number;
  readonly registryPort?: number;
}

/** Starts the local stack, or finds it running. @throws StackError with what is missing. */
export async function up(context: CommandContext, options: UpOptions): Promise<ExitCode> {
  const { terminal } = context;
  const { state, isStarted } = await startStack({
    ...options,
    onProgress: (message) => terminal.note(message),
  });
  terminal.note(isStarted ? "started; stop it with millrace down" : "runs already");
  const status: StackStatus = { kafka: "up", registry: "up", state };
  await print(context, { kind: "Stack", items: stackItems(status) }, STACK_COLUMNS);
  return EXIT.ok;
}
