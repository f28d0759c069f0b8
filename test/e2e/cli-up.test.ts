import { spawn } from "node:child_process";
import { once } from "node:events";
import { readState, stopStack } from "@millrace/local";
import { expect, it, onTestFinished } from "vitest";
import { createProject } from "../support/cli-command.ts";
import { MILLRACE } from "../support/millrace-process.ts";
import { until } from "../support/until.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("millrace up stops what it started when it is interrupted, and says so", async () => {
  const { folder, path } = createProject();
  const home = path(".millrace");
  onTestFinished(async () => {
    await stopStack({ home });
  });
  const child = spawn(process.execPath, [MILLRACE, "up"], {
    cwd: folder,
    env: { ...process.env, MILLRACE_HOME: home },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = once(child, "close");
  await until("both servers are on record", () => (readState(home)?.registry.pid ?? 0) > 0);
  const state = readState(home);
  const pids = [state?.kafka.pid ?? 0, state?.registry.pid ?? 0].filter((pid) => pid > 0);

  child.kill("SIGINT");
  await closed;

  // A shell calls both 130.
  expect([130, "SIGINT"]).toContain(child.exitCode ?? child.signalCode);
  expect(stderr).toContain("interrupted: stopping the servers");
  expect(stderr).not.toContain("unexpected");
  // Those that ended before their parent reaped them are there until the system does.
  await until("its servers are gone", () => !pids.some((pid) => isAlive(pid)));
  expect(readState(home)).toBeNull();
});
