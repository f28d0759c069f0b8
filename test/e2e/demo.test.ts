import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = ["--conditions=millrace-source", "infra/demo/src/main.ts"];
const home = mkdtempSync(join(tmpdir(), "millrace-demo-"));
const env = { ...process.env, MILLRACE_HOME: home };
afterAll(() => rmSync(home, { recursive: true }));

interface Figures {
  readonly emitted: number;
  readonly delivered: number;
  readonly attempts: number;
  readonly repeats: number;
  readonly orderViolations: number;
  readonly lost: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Verdict {
  readonly verdict: "ok" | "failed";
  readonly targets: Readonly<Record<string, Figures>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly problems: readonly { readonly check: string; readonly eventId: string | null }[];
  readonly broken: { readonly eventId: string; readonly target: string } | null;
}

/** One document, and nothing else. */
function parseVerdict(output: string): Verdict {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the tests say what it must hold
  return JSON.parse(output) as Verdict;
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [...MAIN, ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function recordedRun(): string {
  return join(home, "demo", readdirSync(join(home, "demo")).sort()[0] ?? "none");
}

/** Processes whose command line names a path. */
function processesOf(path: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/u.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path);
    } catch {
      return false;
    }
  });
}

describe("the demo", () => {
  let output = "";
  let complaint = "";
  let code: number | null = null;
  beforeAll(async () => {
    const demo = start("--events", "300", "--json");
    if (demo.stdout === null || demo.stderr === null) throw new Error("no pipes");
    demo.once("exit", (exitCode) => (code = exitCode));
    [output, complaint] = await Promise.all([text(demo.stdout), text(demo.stderr)]);
    await until("it has ended", () => demo.exitCode !== null);
  }, 120_000);

  it("delivers everything, in order, whatever befalls it, and ends with one JSON document", () => {
    expect([code, complaint]).toEqual([0, ""]);
    const { verdict, targets, problems, broken } = parseVerdict(output);

    expect([verdict, problems, broken]).toEqual(["ok", [], null]);
    expect(targets["audit-api"]?.emitted).toBe(300);
    expect(Object.keys(targets)).toEqual(["profile-api", "audit-api"]);
    for (const figures of Object.values(targets)) {
      const { emitted, delivered, attempts, repeats, orderViolations, lost, p50Ms, p99Ms } =
        figures;
      expect([delivered, orderViolations, lost]).toEqual([emitted, 0, 0]);
      expect(attempts).toBe(emitted + repeats);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
    }
  });

  it("makes the faults that it tells of", () => {
    const { faults } = parseVerdict(output);

    expect(faults["kills"]).toBe(1);
    for (const fault of ["serverErrors", "connectionsRefused", "outageMs", "openAtKill"])
      expect([fault, faults[fault] ?? 0]).toEqual([
        fault,
        expect.toSatisfy((count) => Number(count) > 0),
      ]);
  });

  it.each([
    ["lose", "lost"],
    ["reorder", "order"],
    ["repeat", "repeat"],
    ["wrong-body", "request"],
  ])("fails when an API's log is broken (%s), and names the event", (kind, check) => {
    const args = [...MAIN, "--run", recordedRun(), "--sabotage", kind, "--json"];

    const done = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" });

    expect(done.status).toBe(1);
    const { verdict, problems, broken } = parseVerdict(done.stdout);
    expect(verdict).toBe("failed");
    expect(problems.map((found) => [found.check, found.eventId])).toEqual([
      [check, broken?.eventId],
    ]);
    const table = spawnSync(process.execPath, args.slice(0, -1), {
      cwd: ROOT,
      env,
      encoding: "utf8",
    });
    expect(table.stdout).toContain(
      `problem: ${check} ${String(broken?.target)} ${String(broken?.eventId)}`,
    );
  });
});

describe("a demo that is told to end", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGKILL", null],
  ] as const)("by %s leaves nothing running", async (signal, expected) => {
    const demo = start("--events", "300");
    const folder = await folderOf(demo);
    await until("its delivery process runs", () =>
      processesOf(folder).some((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("deliver"),
      ),
    );
    const exited = once(demo, "exit");

    demo.kill(signal);

    expect((await exited)[0]).toBe(expected);
    await until("all of it is gone", () => processesOf(folder).length === 0);
  });
});

async function folderOf(demo: ChildProcess): Promise<string> {
  let said = "";
  demo.stderr?.on("data", (chunk) => (said += String(chunk)));
  const folder = (): string | undefined => /records in (\S+)\n/u.exec(said)?.[1];
  await until("it says where its records are", () => folder() !== undefined);
  return folder() ?? "";
}
