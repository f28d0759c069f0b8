import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dirname, "../..");
const STUBBORN = `#!/bin/sh
trap '' TERM INT HUP
sleep 300 & echo "$$ $!"
wait; wait; wait`;
const ENDS_ON_SIGTERM = `#!/bin/sh
trap 'exit 3' TERM
sleep 300 & echo "$$ $!"
wait`;

/** A checkout with nothing in it but the bootstrap, packages that count as installed, and another vitest. */
let checkout = "";
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "millrace-checkout-"));
  mkdirSync(join(checkout, "infra"));
  mkdirSync(join(checkout, "node_modules/.bin"), { recursive: true });
  copyFileSync(join(ROOT, "infra/bootstrap.mjs"), join(checkout, "infra/bootstrap.mjs"));
  writeFileSync(join(checkout, "package-lock.json"), "{}");
  const digest = createHash("sha256").update("{}").digest("hex");
  writeFileSync(join(checkout, "node_modules/.millrace-lock"), digest);
});
afterEach(() => rmSync(checkout, { recursive: true }));

function installVitest(script: string): void {
  writeFileSync(join(checkout, "node_modules/.bin/vitest"), script);
  chmodSync(join(checkout, "node_modules/.bin/vitest"), 0o755);
}

function start(...args: string[]) {
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  return spawn(process.execPath, [join(checkout, "infra/bootstrap.mjs"), ...args], { stdio });
}

async function pidsOf({ stdout }: ReturnType<typeof start>): Promise<string[]> {
  for await (const line of createInterface(stdout)) return line.split(" ");
  throw new Error("printed nothing");
}

function isGone(pid: string): boolean {
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || /^State:\s+Z/mu.test(readFileSync(status, "utf8"));
}

describe("the bootstrap", () => {
  it("passes arguments on and ends as what it ran ended", async () => {
    installVitest('#!/bin/sh\necho "$@"; exit 7');
    const bootstrap = start("test", "--project", "unit");
    const exited = once(bootstrap, "exit");

    expect((await pidsOf(bootstrap)).slice(-2)).toEqual(["--project", "unit"]);
    expect((await exited)[0]).toBe(7);
  });

  it("passes a signal on, and leaves nobody behind", async () => {
    installVitest(ENDS_ON_SIGTERM);
    const bootstrap = start("test");
    const pids = await pidsOf(bootstrap);
    const exited = once(bootstrap, "exit");

    bootstrap.kill("SIGTERM");

    expect((await exited)[0]).toBe(3);
    await until("all are gone", () => pids.every(isGone));
  });

  it("kills what does not end after being told three times", async () => {
    installVitest(STUBBORN);
    const bootstrap = start("test");
    const pids = await pidsOf(bootstrap);
    const exited = once(bootstrap, "exit");
    let isOver = false;
    void exited.then(() => (isOver = true));

    await until("it gave up", () => {
      bootstrap.kill("SIGINT");
      return isOver;
    });

    expect((await exited)[0]).toBe(137);
    expect(pids.filter((pid) => !isGone(pid))).toEqual([]);
  });

  it("names its commands when it is asked for another", async () => {
    const bootstrap = start("dance");
    const exited = once(bootstrap, "exit");

    const said = await text(bootstrap.stderr);

    expect((await exited)[0]).toBe(1);
    expect(said).toMatch(/unknown command: dance \(one of (?:[\w:]+, )*[\w:]+\)/u);
    for (const command of ["demo", "test", "verify"]) expect(said).toContain(command);
  });
});

describe("the counts at the end of the tests", () => {
  it("tell what passed, failed and was left out, and count what could not be set up as failed", () => {
    const folder = join(checkout, "tests");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "some.test.js"),
      `import { beforeAll, describe, expect, it } from "${import.meta.resolve("vitest")}";
      it("passes", () => undefined);
      it("fails", () => expect(1).toBe(2));
      describe("a group", () => { beforeAll(() => { throw new Error("no"); }); it("waits", () => undefined); });`,
    );
    writeFileSync(join(folder, "broken.test.js"), 'import "./nowhere.js";');
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const reporter = join(ROOT, "infra/counts-reporter.ts");
    const args = [vitest, "run", "--root", folder, `--reporter=${reporter}`];

    const done = spawnSync(process.execPath, args, { encoding: "utf8" });

    expect(done.stdout.trimEnd().split("\n").at(-1)).toBe("1 passed, 3 failed, 1 skipped");
    expect(done.status).toBe(1);
  });
});
