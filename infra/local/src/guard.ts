/**
 * A guard: a process of its own that outlives the one that started it, however that ends, SIGKILL included. It reads
 * what to guard from standard input, one JSON per line; when that ends, it kills what still runs of it and deletes the
 * folder, where there is one.
 */
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { isRunning, killProcess, type KnownProcess } from "./known-process.ts";

const [folder] = process.argv.slice(2);
const guarded: KnownProcess[] = [];

// The end of input is the only thing that ends it: a Ctrl-C is for the process that it guards.
process
  .on("SIGINT", () => undefined)
  .on("SIGTERM", () => undefined)
  .on("SIGHUP", () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by guard-process.ts
  guarded.push(JSON.parse(line) as KnownProcess);
}
await Promise.all(guarded.filter(isRunning).map(killProcess));
if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
