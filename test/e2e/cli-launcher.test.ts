import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProject } from "../support/cli-command.ts";
import { MILLRACE } from "../support/millrace-process.ts";
import { until } from "../support/until.ts";

/** How the launcher is started: a Node and what stands before the script. */
interface Start {
  readonly name: string;
  readonly node: string;
  readonly options: readonly string[];
}

/** Today's Node that takes itself for an old one, so that handing over is tried on every machine. */
const PRETENDING: Start = {
  name: "a Node that says it is 20",
  node: process.execPath,
  options: [
    "--import",
    `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})`,
  ],
};

/** The Nodes of this machine outside the project that are too old, if any. */
function oldNodes(): readonly Start[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const nodes = folders
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  return [...new Set(nodes)].flatMap((node) => {
    const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
    const major = Number(/^v(\d+)/u.exec(version)?.[1] ?? Infinity);
    return major < 22 ? [{ name: `${node} ${version}`, node, options: [] }] : [];
  });
}

function start({ node, options }: Start, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(node, [...options, MILLRACE, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function endOf(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  await once(child, "close");
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
}

function textOf(stream: ChildProcess["stdout"]): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (part: string) => (text += part));
  return () => text;
}

/** The processes that a process has started, of which the launcher's work is one. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function workOf(launcher: ChildProcess): Promise<number> {
  const pid = launcher.pid ?? 0;
  await until("the launcher's work", () => childrenOf(pid).length > 0);
  return childrenOf(pid)[0] ?? 0;
}

describe.each([PRETENDING, ...oldNodes()])("under $name", (node) => {
  it("does the same as under the pinned Node, and passes the exit code on", async () => {
    const { folder } = createProject();

    const good = await endOf(start(node, ["config", "validate"], folder));
    const wrong = await endOf(start(node, ["config", "validat"], folder));

    expect(good).toMatchObject({ code: 0, stdout: "" });
    expect(good.stderr).toContain("millrace.yaml: valid");
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain("Did you mean validate?");
  });

  it("shows an app's own help", async () => {
    const { folder } = createProject();

    const { code, stdout } = await endOf(start(node, ["deliver", "--help"], folder));

    expect(code).toBe(0);
    expect(stdout).toContain("Usage: millrace deliver");
  });

  it("forwards signals to the work", async () => {
    const { run, folder, users } = createProject();
    await run(["init"]);
    const launcher = start(node, ["tail", users, "--from", "-1h", "-o", "ndjson"], folder);
    const ended = endOf(launcher);
    const stderr = textOf(launcher.stderr);
    const work = await workOf(launcher);
    await until("the work to begin", () => stderr().includes("from "));

    launcher.kill("SIGTERM");

    expect((await ended).code).toBe(130);
    expect(isRunning(work)).toBe(false);
  });

  it("takes the work with it when it is killed", async () => {
    const { run, folder, users } = createProject();
    await run(["init"]);
    const launcher = start(node, ["tail", users, "-o", "ndjson"], folder);
    const work = await workOf(launcher);

    launcher.kill("SIGKILL");

    await until("the work to end", () => !isRunning(work), { deadlineMs: 10_000 });
  });

  it("ends as the work does when that is killed", async () => {
    const { run, folder, users } = createProject();
    await run(["init"]);
    const launcher = start(node, ["tail", users, "-o", "ndjson"], folder);
    const ended = once(launcher, "exit");
    const work = await workOf(launcher);

    process.kill(work, "SIGKILL");

    expect(await ended).toEqual([null, "SIGKILL"]);
  });
});

describe("the launcher", () => {
  it("runs apps in its own process under the pinned Node", async () => {
    const { run, folder } = createProject();
    await run(["init"]);
    const pinned: Start = { name: "pinned", node: process.execPath, options: [] };
    const deliver = start(pinned, ["deliver", "--admin-port", "0"], folder);
    const stdout = textOf(deliver.stdout);
    await until("the app to run", () => stdout().includes('"delivering"'));

    expect(childrenOf(deliver.pid ?? 0)).toEqual([]);
    deliver.kill("SIGTERM");
    await once(deliver, "close");
    expect(deliver.exitCode).toBe(0);
  });

  it("is what npx runs", async () => {
    const { folder } = createProject();
    const npx = spawn("npx", ["--no-install", "millrace", "config", "validate"], {
      cwd: join(MILLRACE, "../../../.."),
      env: { ...process.env, npm_config_update_notifier: "false" },
      stdio: ["ignore", "pipe", "pipe"],
    });

    const { code, stderr } = await endOf(npx);

    expect(folder).not.toBe("");
    expect(code).toBe(4);
    expect(stderr).toContain("millrace: no configuration: there is no millrace.yaml here");
  });
});
