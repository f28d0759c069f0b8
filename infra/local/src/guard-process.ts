import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startTimeOf, type KnownProcess } from "./known-process.ts";

const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "guard.ts" : "guard.js", import.meta.url),
);

/** A guard that kills processes when this process ends, however it ends. */
export interface Guard {
  /** Takes a running child of this process under guard. */
  watch(child: { readonly pid?: number | undefined }): void;
  /** Lets it do its work now; resolves when all is done. */
  end(): Promise<void>;
}

/** Starts a guard; it deletes `folder` in the end, where one is given. Its pipe closes with this process: so it notices. */
export function startGuard({ folder }: { readonly folder?: string } = {}): Guard {
  const args = folder === undefined ? [ENTRY] : [ENTRY, folder];
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.on("error", () => undefined);
  if (child.pid === undefined) throw new Error("the guard could not be started");
  child.stdin.on("error", () => undefined);
  child.unref();
  return {
    watch({ pid = 0 }) {
      const known: KnownProcess = { pid, startedAt: startTimeOf(pid) ?? "" };
      child.stdin.write(`${JSON.stringify(known)}\n`);
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}
