/**
 * `--processes N`: as many processes of the same command, members of the same groups, where one core is not enough. They are
 * started together and end together: who restarts what has ended is the platform's affair, as with one process.
 */
import { fork, type ChildProcess } from "node:child_process";

/** What is started. */
export interface ProcessGroupOptions {
  /** The program, a module that Node runs. */
  readonly program: string;
  /** Of Node, for each. */
  readonly nodeArgs: readonly string[];
  /** Of the program, one list for each process. */
  readonly commandLines: readonly (readonly string[])[];
  /** Told once, when a process has ended that nobody asked to. */
  readonly onLost: (pid: number, end: string) => void;
}

/** Processes that run. */
export interface ProcessGroup {
  /** Passes a signal on to all of them. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves when all have ended, to 0 or the first exit code that is not. */
  readonly ended: Promise<number>;
}

const EXIT_ERROR = 1;

/** Starts the processes. One that ends unasked has the others stopped. */
export function startProcessGroup(options: ProcessGroupOptions): ProcessGroup {
  const { program, nodeArgs, commandLines, onLost } = options;
  let isEnding = false;
  const children = commandLines.map((args) =>
    // Out of the terminal's reach, which would give them its signal a second time; the channel ends them with this process.
    fork(program, [...args], { execArgv: [...nodeArgs], detached: true }),
  );
  const signal = (name: NodeJS.Signals): void => {
    isEnding = true;
    for (const child of children) child.kill(name);
  };
  const ends = children.map(async (child) => {
    const { code, text } = await endOf(child);
    if (!isEnding) {
      onLost(child.pid ?? 0, text);
      signal("SIGTERM");
      return code === 0 ? EXIT_ERROR : code;
    }
    return code;
  });
  const ended = Promise.all(ends).then((codes) => codes.find((code) => code !== 0) ?? 0);
  return { signal, ended };
}

/** Ends this process with the one that started it as part of a group, however that one ends. */
export function endWithGroup(): void {
  if (process.channel === undefined) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}

function endOf(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: EXIT_ERROR, text: error.message }));
    child.on("exit", (code, signal) => {
      const text = signal === null ? `exit code ${code}` : signal;
      resolve({ code: code ?? EXIT_ERROR, text });
    });
  });
}
