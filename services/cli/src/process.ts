/** The process of one command: signals in, exit code out. */
import type { Interrupts } from "./context.ts";
import { EXIT } from "./exit-code.ts";
import { explain } from "./failure.ts";
import { run } from "./run.ts";

/** How long a command that has taken its interrupts may take to end where it does not say, ms. */
const INTERRUPT_GRACE_MS = 2_000;

/** Runs a command line as this process, and ends it. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  const { stdout, stderr, stdin, env } = process;
  process.on("uncaughtException", (error) => {
    void explain(error, env).then(({ text, exitCode }) => {
      stderr.write(`millrace: ${text}\n`);
      process.exit(exitCode);
    });
  });
  const interrupted = new AbortController();
  const exitCode = await run(argv, { stdout, stderr, stdin, env, interrupts: of(interrupted) });
  if (interrupted.signal.aborted) endInterrupted();
  process.exit(exitCode);
}

/**
 * A file request that still waits (a named pipe that nobody has opened to write) would hold `exit` for ever; dying of the
 * signal does not wait, and a shell calls both 130.
 */
function endInterrupted(): never {
  if (process.getActiveResourcesInfo().includes("FSReqCallback")) {
    process.removeAllListeners("SIGINT");
    process.kill(process.pid, "SIGINT");
  }
  process.exit(EXIT.interrupted);
}

/** The first signal asks the command to end, if it has taken them; the second one does not wait. */
function of(interrupted: AbortController): Interrupts {
  let endsWithinMs: number | null = null;
  const interrupt = (): void => {
    if (endsWithinMs === null || interrupted.signal.aborted) endInterrupted();
    setTimeout(endInterrupted, endsWithinMs).unref();
    interrupted.abort(new Error("interrupted"));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  return {
    take(graceMs = INTERRUPT_GRACE_MS) {
      endsWithinMs = graceMs;
      return interrupted.signal;
    },
  };
}
