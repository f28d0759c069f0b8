import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { KnownProcess } from "./known-process.ts";

const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "guard.ts" : "guard.js", import.meta.url),
);

/** A guard that ends processes and deletes a folder when this process ends, however it ends. */
export interface Guard {
  watch(known: KnownProcess): void;
  /** Lets it do its work now; resolves when all is done. */
  end(): Promise<void>;
}

/** Starts the guard of a folder. Its pipe closes with this process: that is how it notices. */
export function startGuard(folder: string): Guard {
  const child = spawn(process.execPath, [ENTRY, folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.on("error", () => undefined);
  if (child.pid === undefined) throw new Error(`the guard of ${folder} could not be started`);
  child.stdin.on("error", () => undefined);
  child.unref();
  return {
    watch(known) {
      child.stdin.write(`${JSON.stringify(known)}\n`);
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
}
