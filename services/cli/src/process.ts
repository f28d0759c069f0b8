/** The process of one command: signals in, exit code out. */
import { explain } from "./failure.ts";
import { EXIT } from "./exit-code.ts";
import { run } from "./run.ts";

/** How long a command may take to end in order after SIGINT or SIGTERM. */
const INTERRUPT_GRACE_MS = 2_000;

/** Runs a command line as this process, and ends it. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  const { stdout, stderr, stdin, env } = process;
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => interrupt(interrupted));
  }
  process.on("uncaughtException", (error) => {
    void explain(error, env).then(({ text, exitCode }) => {
      stderr.write(`millrace: ${text}\n`);
      process.exit(exitCode);
    });
  });
  const exitCode = await run(argv, { stdout, stderr, stdin, env, interrupted: interrupted.signal });
  process.exit(interrupted.signal.aborted ? EXIT.interrupted : exitCode);
}

/** The first signal asks the command to end, the second one does not wait. */
function interrupt(interrupted: AbortController): void {
  if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
  setTimeout(() => process.exit(EXIT.interrupted), INTERRUPT_GRACE_MS).unref();
  interrupted.abort(new Error("interrupted"));
}
