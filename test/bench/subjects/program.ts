/** A subject that is one process, on the subject's core as a rule. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onCores, SUBJECT_CORES } from "../measure/cores.ts";
import type { RunningSubject } from "./subject.ts";

const SAID_MAX = 1_500;

/** Starts a command line; what it prints goes to a file in `folder`. It ends with this process, by its standard input. */
export function startProgram(
  command: readonly string[],
  {
    folder,
    name,
    cores = SUBJECT_CORES,
  }: { readonly folder: string; readonly name: string; readonly cores?: string },
): RunningSubject & { readonly pid: number; end(signal: NodeJS.Signals): Promise<number | null> } {
  const path = join(folder, `${name}.log`);
  const log = openSync(path, "a");
  const [program = "", ...args] = onCores(cores, command);
  // taskset becomes the program: its pid is the program's.
  const child = spawn(program, args, { cwd: folder, stdio: ["pipe", log, log] });
  closeSync(log);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!hasEnded()) {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    }
    return child.exitCode;
  };
  const kill = async (): Promise<void> => {
    await end("SIGKILL");
  };
  return {
    pid: child.pid ?? 0,
    pids: () => [child.pid ?? 0],
    hasEnded,
    said: () => readFileSync(path, "utf8").slice(-SAID_MAX),
    async finish() {
      await kill();
      return [];
    },
    kill,
    end,
  };
}
