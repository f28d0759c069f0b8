import { spawn, type ChildProcess } from "node:child_process";
import { openSync, closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Guard } from "@millrace/local";

/** Where commands run: the checkout. */
export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const CLI = join(ROOT, "services/cli/bin/millrace.js");
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 60_000;
const POLL_MS = 50;
const TAIL_LINES = 8;

/** Where commands run, and what ends them. */
export interface CommandPlace {
  /** What they print goes to files of this folder. */
  readonly folder: string;
  /** Ends them when this process is killed. */
  readonly guard: Guard;
  /** Ends them in order. */
  readonly signal: AbortSignal;
}

/** What a command is given besides its arguments. */
export interface CommandOptions {
  /** Laid over this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: `<folder>/<name>.out`, where the name is the first argument. */
  readonly outputPath?: string;
  /** Default: `<folder>/<name>.log`. */
  readonly logPath?: string;
}

/** A running `millrace` command: a real process, as a user would start it. */
export interface Command {
  /** What it prints on standard error. */
  readonly logPath: string;
  /** What it prints on standard output. */
  readonly outputPath: string;
  /** Resolves when `url` answers 200. @throws Error with the end of the log when the process ended before. */
  ready(url: string): Promise<void>;
  /** Ends at once, as in a crash; returns the time it was done, epoch ms. */
  crash(): Promise<number>;
  /** SIGTERM, then SIGKILL when it takes more than a minute. Idempotent. */
  stop(): Promise<void>;
  /** Resolves to the exit code when it ends by itself. */
  ended(): Promise<number>;
  /** Resolves when it ends without having been told to, with the end of its log. */
  died(): Promise<Error>;
}

/** Starts `millrace <args>`; what it prints is appended to its two files, which may be one. */
export function startCommand(
  { folder, guard, signal }: CommandPlace,
  args: readonly string[],
  options: CommandOptions = {},
): Command {
  const [name = "millrace"] = args;
  const { env, outputPath = join(folder, `${name}.out`) } = options;
  const { logPath = join(folder, `${name}.log`) } = options;
  const files = [openSync(outputPath, "a"), openSync(logPath, "a")] as const;
  const child = spawn(process.execPath, ["--conditions=millrace-source", CLI, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", ...files],
    signal,
  });
  const exited = exitOf(child);
  guard.watch(child);
  files.forEach((file) => closeSync(file));
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let isTold = false;
  const failure = (): Error => complaint(name, [outputPath, logPath]);
  const end = async (how: NodeJS.Signals): Promise<void> => {
    isTold = true;
    if (!isOver()) child.kill(how);
    await exited;
  };
  return {
    logPath,
    outputPath,
    ready: (url) => waitReady(url, isOver, failure),
    async crash() {
      const killedAt = Date.now();
      await end("SIGKILL");
      return killedAt;
    },
    async stop() {
      const hard = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
      await end("SIGTERM");
      clearTimeout(hard);
    },
    async ended() {
      await exited;
      return child.exitCode ?? 1;
    },
    died: () =>
      exited.then(() =>
        isTold || signal.aborted ? new Promise<never>(() => undefined) : failure(),
      ),
  };
}

/**
 * Runs `millrace <args>` to its end.
 * @throws Error with the end of its log when it fails.
 */
export async function runCommand(place: CommandPlace, args: readonly string[]): Promise<void> {
  const command = startCommand(place, args);
  if ((await command.ended()) === 0) return;
  throw complaint(args.join(" "), [command.outputPath, command.logPath]);
}

/** Resolves when it has ended, or could not even start; its being told to by the signal is no error. */
function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.on("error", () => {
      if (child.pid === undefined) resolve();
    });
  });
}

async function waitReady(url: string, isOver: () => boolean, failed: () => Error): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX;
  while (!(await answers(url))) {
    if (isOver() || Date.now() > deadline) throw failed();
    await pause(POLL_MS);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function complaint(what: string, paths: readonly string[]): Error {
  const ends = paths.map((path) =>
    readFileSync(path, "utf8").trimEnd().split("\n").slice(-TAIL_LINES),
  );
  const printed = ends.flat().join("\n").trim();
  return new Error(`millrace ${what} failed; the end of ${paths.join(" and ")}:\n${printed}`);
}
