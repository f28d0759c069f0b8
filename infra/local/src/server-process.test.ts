import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isRunning, killProcess, type KnownProcess } from "./known-process.ts";
import { startServer, waitReady, type ServerCommand } from "./server-process.ts";

const STARTER = fileURLToPath(new URL("./server-process.ts", import.meta.url));
const STUBBORN_SERVER = "require('fs').writeFileSync('data', ''); setInterval(() => {}, 1000)";
let folder = "";
let started: KnownProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-server-"));
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map(killProcess));
  await rm(folder, { recursive: true });
});

function server(): ServerCommand {
  const command = { command: process.execPath, args: ["-e", STUBBORN_SERVER], env: {} };
  return { ...command, name: "the server", cwd: folder, log: join(folder, "log") };
}

it("starts a server only after its process is on record", async () => {
  let hadData: boolean | undefined;

  const known = startServer(server(), (spawned) => {
    started.push(spawned);
    hadData = existsSync(join(folder, "data"));
  });
  await waitReady({ ...server(), ...known }, () =>
    Promise.resolve(existsSync(join(folder, "data"))),
  );

  expect(started).toEqual([known]);
  expect(hadData).toBe(false);
});

it("leaves nothing running where the starter is killed before the process is on record", async () => {
  const code = `
    import { writeFileSync } from "node:fs";
    import { startServer } from ${JSON.stringify(STARTER)};
    startServer(${JSON.stringify(server())}, ({ pid, startedAt }) => {
      writeFileSync("spawned", pid + " " + startedAt);
      process.kill(process.pid, "SIGKILL");
    });`;
  const options = ["--input-type=module", "-e", code];
  const starter = spawn(process.execPath, options, { cwd: folder, stdio: "ignore" });
  await once(starter, "exit");
  const [pid, startedAt = ""] = readFileSync(join(folder, "spawned"), "utf8").split(" ");
  const spawned = { pid: Number(pid), startedAt };
  started.push(spawned);

  while (isRunning(spawned) && !existsSync(join(folder, "data"))) await delay(5);

  expect(existsSync(join(folder, "data"))).toBe(false);
});

it("leaves nothing running where its process cannot be put on record", async () => {
  const full = new Error("no space left on device");

  expect(() =>
    startServer(server(), (spawned) => {
      started.push(spawned);
      throw full;
    }),
  ).toThrow(full);
  while (started.some(isRunning) && !existsSync(join(folder, "data"))) await delay(5);

  expect(existsSync(join(folder, "data"))).toBe(false);
});

it("tells what became of a server that cannot be run", async () => {
  const missing = { ...server(), command: join(folder, "java") };

  const known = startServer(missing, () => undefined);

  const ready = waitReady({ ...missing, ...known }, () => Promise.resolve(false));
  await expect(ready).rejects.toMatchObject({ code: "START_FAILED" });
  await expect(ready).rejects.toThrow(/java.*(not found|No such file)/u);
});
