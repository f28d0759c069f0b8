import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DemoApi, DemoApiOptions } from "./demo-api.ts";
import { formatKeyLocation } from "./key-of-call.ts";
import type { DemoApiReport } from "./target-server.ts";

const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "main.ts" : "main.js", import.meta.url),
);

/**
 * Starts a demo API as its own process. It ends with this one, however this one ends.
 * @throws Error with what the process printed when it cannot start.
 */
export async function startDemoApiProcess(options: DemoApiOptions): Promise<DemoApi> {
  const child = spawn(process.execPath, [...process.execArgv, ENTRY, ...argumentsOf(options)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { url, controlUrl } = await listening(child);
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const text = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(`${controlUrl}${path}`, { method, body: text });
    const answer: unknown = await response.json();
    if (!response.ok) throw new RangeError(JSON.stringify(answer));
    return answer;
  };
  return {
    name: options.name,
    url,
    controlUrl,
    async script(script) {
      await call("PUT", "/script", script);
    },
    async outage(ms) {
      await call("POST", "/outage", { ms });
    },
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- our own process answers
    report: async () => (await call("GET", "/report")) as DemoApiReport,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function argumentsOf(options: DemoApiOptions): string[] {
  return [
    ["--name", options.name],
    ["--log", options.logPath],
    ["--key", formatKeyLocation(options.keyIn)],
    ["--port", String(options.port ?? 0)],
    ["--control-port", String(options.controlPort ?? 0)],
    ["--script", JSON.stringify(options.script ?? {})],
    ["--seed", String(options.seed ?? 1)],
  ].flat();
}

/** The addresses that the process prints as its first line. */
function listening(child: ChildProcess): Promise<{ url: string; controlUrl: string }> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null || child.stderr === null) throw new Error("demo API: no pipes");
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`demo API ended at its start: ${complaint.trim()}`)));
    createInterface(child.stdout).once("line", (line) => {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- our own process prints it
      resolve(JSON.parse(line) as { url: string; controlUrl: string });
    });
  });
}
