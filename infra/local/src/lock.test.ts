import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startTimeOf } from "./known-process.ts";
import { withLock } from "./lock.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-lock-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const path = (): string => join(folder, "stack.lock");

it("lets one in at a time, and leaves no file", async () => {
  let inside = 0;
  let insideMax = 0;
  const task = async (): Promise<void> => {
    inside += 1;
    insideMax = Math.max(insideMax, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };

  await Promise.all([1, 2, 3].map(() => withLock(path(), task)));

  expect(insideMax).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

it("is free again after a task that failed", async () => {
  await expect(withLock(path(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");

  expect(existsSync(path())).toBe(false);
});

it.each([
  ["whose process is gone", "4194305 1"],
  ["whose pid was recycled", `${process.pid} 1`],
])("takes over a lock %s, by one of several at a time", async (_case, holder) => {
  writeFileSync(path(), `${holder}\n`);
  const entered: number[] = [];

  const task = (): Promise<number> => Promise.resolve(entered.push(1));
  await Promise.all([1, 2, 3].map(() => withLock(path(), task)));

  expect(entered).toHaveLength(3);
  expect(readdirSync(folder)).toEqual([]);
});

it("says who holds it when it waited in vain", async () => {
  const holder = `${process.pid} ${String(startTimeOf(process.pid))}`;
  writeFileSync(path(), `${holder}\n`);

  await expect(withLock(path(), () => Promise.resolve(), { waitMsMax: 0 })).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringContaining(holder) as unknown,
  });
});

it("stops to wait when it is told to", async () => {
  writeFileSync(path(), `${process.pid} ${String(startTimeOf(process.pid))}\n`);
  const signal = AbortSignal.abort(new Error("interrupted"));

  await expect(withLock(path(), () => Promise.resolve(), { signal })).rejects.toThrow(
    "interrupted",
  );
});
