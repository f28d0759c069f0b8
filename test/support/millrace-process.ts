/** The `millrace` command as a real process, started the way a user starts it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

/** The launcher. */
export const MILLRACE: string = fileURLToPath(
  new URL("../../services/cli/bin/millrace.js", import.meta.url),
);

/** A running command. */
export interface MillraceProcess {
  readonly pid: number;
  readonly isRunning: boolean;
  /** Standard output so far. */
  output(): string;
  /** Standard error so far. */
  complaint(): string;
  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and resolves to the exit code (null: ended by the signal). */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Resolves to the exit code. */
  ended(): Promise<number | null>;
}

/** Starts `millrace <args>`; what it prints goes to files in `folder`, under `name`. */
export function startMillrace(
  args: readonly string[],
  options: { readonly folder: string; readonly name: string; readonly env?: NodeJS.ProcessEnv },
): MillraceProcess {
  const { folder, name, env = {} } = options;
  const [outPath, errorPath] = [join(folder, `${name}.out`), join(folder, `${name}.err`)];
  const [out, error] = [openSync(outPath, "a"), openSync(errorPath, "a")];
  const child = spawn(process.execPath, [MILLRACE, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", out, error],
  });
  closeSync(out);
  closeSync(error);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const ended = async (): Promise<number | null> => {
    if (isRunning()) await once(child, "exit");
    return child.exitCode;
  };
  return {
    pid: child.pid ?? 0,
    get isRunning() {
      return isRunning();
    },
    output: () => readFileSync(outPath, "utf8"),
    complaint: () => readFileSync(errorPath, "utf8"),
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      child.kill(signal);
      return ended();
    },
    ended,
  };
}

/** Waits until a URL answers 200. @throws Error with what the process printed when it ended before. */
export async function untilAnswers(url: string, process: MillraceProcess): Promise<void> {
  const seen = (): string => `${process.output().slice(-1_500)}\n${process.complaint()}`;
  await until(
    `200 of ${url}`,
    async () => {
      if (!process.isRunning) throw new Error(`the process ended: ${seen()}`);
      const answer = await fetch(url).catch(() => null);
      await answer?.arrayBuffer();
      return answer?.ok === true;
    },
    { seen },
  );
}

/** Runs `millrace <args>` to its end. @throws Error with what it printed when it fails. */
export async function runMillrace(
  args: readonly string[],
  options: { readonly folder: string; readonly name: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const command = startMillrace(args, options);
  const code = await command.ended();
  if (code === 0) return command.output();
  throw new Error(`millrace ${args.join(" ")} ended with ${code}: ${command.complaint()}`);
}
