/**
 * Makes a fresh checkout ready and runs one of the repository's commands in it. Plain JavaScript without
 * dependencies, so that any Node from 18 on can start it: it installs the locked packages where they are missing or
 * changed, then goes on under the pinned Node that came with them.
 *
 * What it runs is a process group of its own: a Ctrl-C reaches its leader once, and nothing of it outlives this process.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const [command = "", ...args] = process.argv.slice(2);

/** One Ctrl-C comes twice: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };

const TESTS = ["vitest", "run", "--reporter=default", "--reporter=./infra/counts-reporter.ts"];

/** What each command runs, in order; the arguments go to the last. */
const COMMANDS = {
  chaos: [
    [
      "node",
      "--conditions=millrace-source",
      "--disable-warning=TimeoutNegativeWarning",
      "test/chaos/main.ts",
    ],
  ],
  check: [["node", "--conditions=millrace-source", "test/checker/main.ts"]],
  demo: [["node", "--conditions=millrace-source", "infra/demo/src/main.ts"]],
  test: [TESTS],
  sim: [["node", "--conditions=millrace-source", "test/simulation/main.ts"]],
  bench: [
    [
      "node",
      "--conditions=millrace-source",
      "--disable-warning=TimeoutNegativeWarning",
      "test/bench/main.ts",
    ],
  ],
  "bench:engine": [["node", "--conditions=millrace-source", "test/bench/engine.ts"]],
  verify: [
    ["npm", "run", "format:check"],
    ["npm", "run", "lint"],
    ["npm", "run", "types"],
    ["npm", "run", "boundaries"],
    TESTS,
  ],
};

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function install() {
  const stamp = join(root, "node_modules", ".millrace-lock");
  const lock = readFileSync(join(root, "package-lock.json"));
  const wanted = createHash("sha256").update(lock).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("installing the locked packages (once) ...\n");
  const options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const done = spawnSync("npm", options, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (done.error !== undefined) fail(`npm could not be started: ${done.error.message}`);
  if (done.signal !== null) process.exit(128 + (SIGNAL_NUMBERS[done.signal] ?? 0));
  if (done.status !== 0) fail("npm ci failed: check that the package registry can be reached");
  writeFileSync(stamp, wanted);
}

/** Ends whoever is left of a group whose leader is gone. */
function endGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody was left.
  }
}

/** Passes a signal on to the leader, which ends its own; the third one ends them all at once. */
function passSignals(child) {
  let count = 0;
  let lastAt = 0;
  const pass = (signal) => {
    const now = Date.now();
    if (now - lastAt < SAME_SIGNAL_MS) return;
    lastAt = now;
    count += 1;
    if (count < 3) child.kill(signal);
    else endGroup(child.pid);
  };
  for (const signal of Object.keys(SIGNAL_NUMBERS)) process.on(signal, pass);
}

function run([program, ...rest], extra) {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
    const options = { cwd: root, env, detached: true, stdio: "inherit" };
    // A Node that is spoken to over IPC notices when this process is killed.
    if (program === "node") options.stdio = ["inherit", "inherit", "inherit", "ipc"];
    const child = spawn(program, [...rest, ...extra], options);
    passSignals(child);
    child.on("error", (error) => fail(`${program} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      endGroup(child.pid);
      resolve(signal === null ? (code ?? 1) : 128 + (SIGNAL_NUMBERS[signal] ?? 9));
    });
  });
}

const steps = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
if (steps === undefined)
  fail(`unknown command: ${command} (one of ${Object.keys(COMMANDS).join(", ")})`);
install();
for (const [index, step] of steps.entries()) {
  const code = await run(step, index === steps.length - 1 ? args : []);
  if (code !== 0) process.exit(code);
}
