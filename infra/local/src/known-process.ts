/** Knowing a process again, and ending it: only the one that we started, by pid and start time. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Time a server has to end after SIGTERM before it is killed. */
const STOP_GRACE_MS = 15_000;
const POLL_MS = 25;

/** A process, known again by its start time. */
export interface KnownProcess {
  readonly pid: number;
  readonly startedAt: string;
}

/** When a process started, in its system's own terms; null when there is no such process, or only its remains. */
export function startTimeOf(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return process.platform === "linux" ? null : startTimeByPs(pid);
  }
}

/** Whether the process still runs, and is the one that we started. */
export function isRunning({ pid, startedAt }: KnownProcess): boolean {
  return startTimeOf(pid) === startedAt;
}

/** Ends a process: SIGTERM, and SIGKILL after a grace (default: 15 s). Does nothing where it no longer runs. */
export async function stopProcess(known: KnownProcess, graceMs = STOP_GRACE_MS): Promise<void> {
  signal(known, "SIGTERM");
  const deadline = performance.now() + graceMs;
  while (isRunning(known) && performance.now() < deadline) await delay(POLL_MS);
  await killProcess(known);
}

/** Kills a process, as a crash would. */
export async function killProcess(known: KnownProcess): Promise<void> {
  signal(known, "SIGKILL");
  while (isRunning(known)) await delay(POLL_MS);
}

function signal(known: KnownProcess, name: NodeJS.Signals): void {
  if (!isRunning(known)) return;
  try {
    process.kill(known.pid, name);
  } catch (error) {
    // It may have ended by itself in between.
    if (isRunning(known)) throw error;
  }
}

function startTimeByPs(pid: number): string | null {
  try {
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return started.trim() === "" ? null : started.trim();
  } catch {
    return null;
  }
}
