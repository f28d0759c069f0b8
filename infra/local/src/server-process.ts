/** Starting a server's process, with its output in a file, and waiting until it answers. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, startTimeOf, type KnownProcess } from "./known-process.ts";
import { StackError } from "./stack-error.ts";

const READY_MS_MAX = 90_000;
const POLL_MS = 50;
const TAIL_LINES = 8;

/** The only settings of its surroundings that a server sees: a stray `QUARKUS_...` or `OTEL_...` would change it. */
const KEPT_ENVIRONMENT = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "JAVA_TOOL_OPTIONS"];

/** A command to start, with where its output goes. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly log: string;
}

/** Becomes the server once it is told to; ends where whoever would tell it is gone. The process stays the same one. */
const WAIT_AND_BECOME = 'read go && exec "$@" < /dev/null';

/**
 * Starts a server that lives on when this process ends. Its output goes to its log file only; the one of the start
 * before is kept beside it, as `<log>.1`. The server runs only after `onSpawn` returned: what that puts on record is
 * there before it can open its data, and where this process is killed before, nothing is left running.
 * @throws StackError `START_FAILED` where there can be no process.
 */
export function startServer(
  server: ServerCommand,
  onSpawn: (known: KnownProcess) => void,
): KnownProcess {
  if (existsSync(server.log)) renameSync(server.log, `${server.log}.1`);
  const output = openSync(server.log, "a");
  const child = spawn("/bin/sh", ["-c", WAIT_AND_BECOME, "sh", server.command, ...server.args], {
    cwd: server.cwd,
    env: { ...keptEnvironment(), ...server.env },
    stdio: ["pipe", output, output],
    detached: true,
  });
  closeSync(output);
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined);
  child.unref();
  const startedAt = child.pid === undefined ? null : startTimeOf(child.pid);
  if (child.pid === undefined || startedAt === null) throw notStarted(server);
  const known = { pid: child.pid, startedAt };
  try {
    onSpawn(known);
    child.stdin?.write("go\n");
  } finally {
    child.stdin?.end();
  }
  return known;
}

/** How long to wait for an answer. */
export interface ReadyOptions {
  /** Default: 90 s. */
  readonly msMax?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until a server answers.
 * @throws StackError `START_FAILED` with the end of its log when it ends first or takes too long.
 */
export async function waitReady(
  server: Pick<ServerCommand, "name" | "log"> & KnownProcess,
  answers: () => Promise<boolean>,
  { msMax = READY_MS_MAX, signal }: ReadyOptions = {},
): Promise<void> {
  const deadline = performance.now() + msMax;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    // Whether it runs comes last: another server may answer at its port while it ends because of that.
    if ((await answers()) && isRunning(server)) return;
    if (!isRunning(server)) throw notStarted(server);
    await delay(POLL_MS);
  }
  throw notStarted(server);
}

function keptEnvironment(): Record<string, string> {
  return Object.fromEntries(
    KEPT_ENVIRONMENT.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function notStarted({ name, log }: Pick<ServerCommand, "name" | "log">): StackError {
  const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
  const tail = lines.slice(-TAIL_LINES).join("\n    ");
  return new StackError("START_FAILED", {
    message: `${name} did not start; the end of its log:\n    ${tail}`,
    hint: `read all of it in ${log}`,
  });
}
