import { startStack, type Stack, type StackStatus } from "@millrace/local";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { STACK_COLUMNS, stackItems } from "../stack-item.ts";

/** Ports that are asked for; left out, the usual ones or free ones. */
export interface UpOptions {
  readonly kafkaPort?: number;
  readonly registryPort?: number;
}

/** How long an interrupted start may take to stop its servers, ms: they have 15 s before they are killed. */
const STOP_MS_MAX = 20_000;

/**
 * Starts the local stack, or finds it running. Interrupted meanwhile, it stops what it started.
 * @throws StackError with what is missing.
 */
export async function up(context: CommandContext, options: UpOptions): Promise<ExitCode> {
  const { terminal } = context;
  const interrupted = context.interrupts.take(STOP_MS_MAX);
  interrupted.addEventListener("abort", () => terminal.note("interrupted: stopping the servers"));
  const stack = await startUnless(interrupted, context, options);
  if (stack === null) return EXIT.interrupted;
  const { state, isStarted } = stack;
  terminal.note(isStarted ? "started; stop it with millrace down" : "runs already");
  const status: StackStatus = { kafka: "up", registry: "up", state };
  await print(context, { kind: "Stack", items: stackItems(status) }, STACK_COLUMNS);
  return EXIT.ok;
}

/** The stack; null when it was interrupted before it was ready. */
async function startUnless(
  interrupted: AbortSignal,
  { terminal }: CommandContext,
  options: UpOptions,
): Promise<Stack | null> {
  try {
    return await startStack({
      ...options,
      onProgress: (message) => terminal.note(message),
      signal: interrupted,
    });
  } catch (error) {
    if (interrupted.aborted) return null;
    throw error;
  }
}
