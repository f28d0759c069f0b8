/** Which cores run what: a subject has one for itself, everything else shares the rest. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** The subject's core. */
export const SUBJECT_CORES = "0";

/** Every core there is: for what is to show how it uses more than one. */
export const ALL_CORES: string = `0-${availableParallelism() - 1}`;

/** Moves this process, and what it starts from now on, off the subject's core; where there is one core only, nothing moves. */
export function leaveSubjectCores(): void {
  const count = availableParallelism();
  if (count < 2) return;
  const others = count === 2 ? "1" : `1-${count - 1}`;
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", others, String(process.pid)], {
    stdio: "ignore",
  });
}

/** A command line that runs on these cores. */
export function onCores(cores: string, command: readonly string[]): readonly string[] {
  return ["taskset", "--cpu-list", cores, ...command];
}
