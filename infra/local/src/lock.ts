/**
 * A lock file: one holder at a time, known by pid and start time. It appears whole (a link to a written file), so that
 * nobody reads a half-written holder; a dead holder's file is taken away by renaming it first, so that of several who
 * find it dead only one does, and nobody takes a new holder's file away.
 */
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, startTimeOf } from "./known-process.ts";
import { StackError } from "./stack-error.ts";

const WAIT_MS_MAX = 900_000;
const POLL_MS = 100;

/** How long to wait for a lock. */
export interface LockOptions {
  /** Default: 15 minutes, longer than the longest fetch. */
  readonly waitMsMax?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a task while holding a lock file. A lock whose process is gone is taken over.
 * @throws StackError `LOCKED` when another process holds it for too long.
 */
export async function withLock<Result>(
  path: string,
  task: () => Promise<Result>,
  { waitMsMax = WAIT_MS_MAX, signal }: LockOptions = {},
): Promise<Result> {
  const deadline = performance.now() + waitMsMax;
  while (!(await take(path))) {
    signal?.throwIfAborted();
    if (performance.now() > deadline) {
      throw new StackError("LOCKED", {
        message: `another process (${await holderOf(path)}) starts or stops the stack: ${path}`,
        hint: "wait for it to end, or end it",
      });
    }
    await delay(POLL_MS);
  }
  try {
    return await task();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, `${process.pid} ${String(startTimeOf(process.pid))}\n`);
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (!isExisting(error)) throw error;
    await removeDead(path);
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

async function removeDead(path: string): Promise<void> {
  const holder = await holderOf(path);
  if (holder === "" || isAlive(holder)) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    // Between reading and renaming another may have taken it over: then it is given back.
    if ((await holderOf(aside)) !== holder) await link(aside, path);
  } catch {
    // Another process was faster.
  } finally {
    await rm(aside, { force: true });
  }
}

async function holderOf(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).trim();
}

function isAlive(holder: string): boolean {
  const [pid = "", startedAt = ""] = holder.split(/ (.*)/u);
  return isRunning({ pid: Number(pid), startedAt });
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
