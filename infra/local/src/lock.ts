import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { startTimeOf } from "./server-process.ts";
import { StackError } from "./stack-error.ts";

const WAIT_MAX_MS = 180_000;

/**
 * Runs a task while holding a lock file. A lock whose process is gone is taken over.
 * @throws StackError `LOCKED` when another process holds it for three minutes.
 */
export async function withLock<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + WAIT_MAX_MS;
  while (!(await take(path))) {
    if (performance.now() > deadline) {
      throw new StackError("LOCKED", {
        message: `another process is starting the stack: ${path}`,
        hint: "wait for it; remove the file if no such process runs",
      });
    }
    await delay(100);
  }
  try {
    return await task();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch {
    const holder = Number(await readFile(path, "utf8").catch(() => "0"));
    if (holder > 0 && startTimeOf(holder) === null) await rm(path, { force: true });
    return false;
  }
}
