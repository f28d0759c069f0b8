/**
 * Makes a fresh checkout ready and runs one of the repository's commands in it. Plain JavaScript without
 * dependencies, so that any Node from 18 on can start it: it installs the locked packages where they are missing or
 * changed, then goes on under the pinned Node that came with them.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const [command = "", ...args] = process.argv.slice(2);

/** What each command runs, in order; the arguments go to the last. */
const COMMANDS = {
  demo: [["node", "--conditions=millrace-source", "infra/demo/src/main.ts"]],
  test: [["vitest", "run"]],
  verify: [
    ["npm", "run", "--silent", "format:check"],
    ["npm", "run", "--silent", "lint"],
    ["npm", "run", "--silent", "types"],
    ["npm", "run", "--silent", "boundaries"],
    ["vitest", "run"],
  ],
};

function lockDigest() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function install() {
  const stamp = join(root, "node_modules", ".millrace-lock");
  const wanted = lockDigest();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("installing the locked packages (once) ...\n");
  const options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const done = spawnSync("npm", options, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (done.status !== 0) fail("npm ci failed: check that the package registry can be reached");
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(stamp, wanted);
}

function run([program, ...rest], extra) {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
    const child = spawn(program, [...rest, ...extra], { cwd: root, stdio: "inherit", env });
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", forward).on("SIGTERM", forward);
    child.on("error", (error) => fail(`${program} could not be started: ${error.message}`));
    child.on("close", (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}

const steps = COMMANDS[command];
if (steps === undefined)
  fail(`unknown command: ${command} (one of ${Object.keys(COMMANDS).join(", ")})`);
install();
for (const [index, step] of steps.entries()) {
  const code = await run(step, index === steps.length - 1 ? args : []);
  if (code !== 0) process.exit(code);
}
