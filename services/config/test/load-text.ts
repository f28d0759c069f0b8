import { MillraceError } from "@millrace/engine";
import type { MillraceConfig } from "../src/config.ts";
import { loadConfig } from "../src/load-config.ts";
import type { LoadOptions } from "../src/main-file.ts";
import { memoryFiles } from "./memory-files.ts";

/** What a configuration is loaded with. */
export interface LoadInput extends Pick<LoadOptions, "env" | "secrets"> {
  /** Files beside the main one, by path; the main one is `conf/millrace.yaml`. */
  readonly files?: Readonly<Record<string, unknown>>;
}

/** Loads a configuration that lies in memory. */
export async function loadText(text: string, input: LoadInput = {}): Promise<MillraceConfig> {
  const { files, env = {}, ...rest } = input;
  const all = memoryFiles({ ...files, "conf/millrace.yaml": text });
  return await loadConfig("conf/millrace.yaml", { env, ...rest, files: all });
}

/** The error that loading a configuration ends with. */
export async function errorOf(text: string, input: LoadInput = {}): Promise<MillraceError> {
  try {
    await loadText(text, input);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error("the configuration holds");
}

/** What is wrong with a configuration, a line each without the heading: `file:line:column  path: message`. */
export async function problemsOf(text: string, input: LoadInput = {}): Promise<readonly string[]> {
  const { code, message } = await errorOf(text, input);
  if (code !== "CONFIG_INVALID") throw new Error(`${code}: ${message}`);
  return message
    .split("\n")
    .slice(1)
    .map((line) => line.trim().replace("conf/millrace.yaml:", ""));
}

/** A configuration with one target `crm` on the topic `users`; the lines are the target's own. */
export function withTarget(...lines: readonly string[]): string {
  const target = ["topics: [users]", "startAt: latest", "request: { url: https://t.example }"];
  const own = lines.map((line) => line.split(":")[0]);
  const kept = target.filter((line) => !own.includes(line.split(":")[0]));
  return [
    "apiVersion: millrace/v1",
    "targets:",
    "  crm:",
    ...[...kept, ...lines].map((line) => `    ${line}`),
  ].join("\n");
}
