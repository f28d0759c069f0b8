import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import {
  isRunning,
  killProcess,
  startTimeOf,
  stopProcess,
  type KnownProcess,
} from "./known-process.ts";

const STUBBORN = "process.on('SIGTERM', () => {}); process.send(1); setInterval(() => {}, 1000)";
const started: KnownProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(killProcess));
});

async function start(code: string): Promise<KnownProcess> {
  const child = spawn(process.execPath, ["-e", code], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  await once(child, "message");
  const known = { pid: child.pid ?? 0, startedAt: String(startTimeOf(child.pid ?? 0)) };
  started.push(known);
  return known;
}

it("knows a process by its start time, not by its pid alone", () => {
  const startedAt = String(startTimeOf(process.pid));

  expect(isRunning({ pid: process.pid, startedAt })).toBe(true);
  expect(isRunning({ pid: process.pid, startedAt: "1" })).toBe(false);
  expect(isRunning({ pid: 0, startedAt: "" })).toBe(false);
});

it("leaves a process alone that has the pid of one that it knew", async () => {
  const other = await start(STUBBORN);

  await killProcess({ pid: other.pid, startedAt: "1" });

  expect(isRunning(other)).toBe(true);
});

it("kills a process that does not end when it is asked to", async () => {
  const stubborn = await start(STUBBORN);

  await stopProcess(stubborn, 0);

  expect(isRunning(stubborn)).toBe(false);
});
