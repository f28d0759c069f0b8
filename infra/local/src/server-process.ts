/** Starting, knowing again and ending the servers' processes. Only those that we started, by pid and start time. */
import { execFileSync, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { StackError } from "./stack-error.ts";

/** Time a server has to end after SIGTERM before it is killed, ms. */
const STOP_GRACE_MS = 15_000;
const POLL_MS = 50;

/** A process, known again by its start time. */
export interface KnownProcess {
  readonly pid: number;
  readonly startedAt: string;
}

/** A command to start, with where its output goes. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly log: string;
  /** Lives on when this process ends. */
  readonly isDetached: boolean;
}

/** When a process started, in its system's own terms; null when there is no such process. */
export function startTimeOf(pid: number): string | null {
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

/** Starts a server; its output goes to its log file only. */
export function startServer(server: ServerCommand): KnownProcess {
  const output = openSync(server.log, "a");
  const child = spawn(server.command, server.args, {
    cwd: server.cwd,
    env: { ...process.env, ...server.env },
    stdio: ["ignore", output, output],
    detached: server.isDetached,
  });
  child.on("error", () => undefined);
  child.unref();
  const startedAt = child.pid === undefined ? null : startTimeOf(child.pid);
  if (child.pid === undefined || startedAt === null) throw crashed(server.name, server.log);
  return { pid: child.pid, startedAt };
}

/**
 * Waits until a server answers.
 * @throws StackError `START_FAILED` with the end of its log when it ends first or takes too long.
 */
export async function waitReady(
  server: ServerCommand & KnownProcess,
  isReady: () => Promise<boolean>,
  timeoutMs = 90_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await isReady()) return;
    if (!isRunning(server)) throw crashed(server.name, server.log);
    await delay(POLL_MS);
  }
  throw crashed(server.name, server.log);
}

/** Ends a process that we started: SIGTERM, and SIGKILL after a grace. Does nothing where it no longer runs. */
export async function stopServer(known: KnownProcess): Promise<void> {
  signal(known, "SIGTERM");
  const deadline = performance.now() + STOP_GRACE_MS;
  while (isRunning(known) && performance.now() < deadline) await delay(POLL_MS);
  await killServer(known);
}

/** Kills a process that we started, as a crash would. */
export async function killServer(known: KnownProcess): Promise<void> {
  signal(known, "SIGKILL");
  while (isRunning(known)) await delay(POLL_MS);
}

function signal(known: KnownProcess, name: NodeJS.Signals): void {
  if (isRunning(known)) process.kill(known.pid, name);
}

function crashed(name: string, log: string): StackError {
  const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n    ");
  return new StackError("START_FAILED", {
    message: `${name} did not start; the end of its log:\n    ${tail}`,
    hint: `read all of it in ${log}`,
  });
}

function startTimeByPs(pid: number): string | null {
  try {
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return started.trim() === "" ? null : started.trim();
  } catch {
    return null;
  }
}
