import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expectedIdempotencyKey } from "../verdict/idempotency-key.ts";
import { readAcknowledged, readArrivalLog, readRun } from "../verdict/run-records.ts";
import { sabotage, type Sabotage } from "../verdict/sabotage.ts";
import type { Verdict } from "../verdict/verdict.ts";

const VERDICT = fileURLToPath(
  new URL(`../verdict/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url),
);

/** An event that was broken on purpose, and where. */
export interface BrokenEvent {
  readonly target: string;
  readonly eventId: string;
  readonly logPath: string;
}

/** What a run is judged by. */
export interface JudgingOptions {
  /** `recorded`: the scan that an earlier verdict kept, for a run whose topics may be gone. */
  readonly scan: "fresh" | "recorded";
  /** Its log is read in place of the target's own. */
  readonly broken: BrokenEvent | null;
}

/**
 * Lets a separate process judge the run in a folder.
 * @throws Error with what that process said when it comes to no verdict.
 */
export async function judgeRun(folder: string, { scan, broken }: JudgingOptions): Promise<Verdict> {
  const options = scan === "recorded" ? ["--recorded-scan"] : [];
  if (broken !== null) options.push("--log", `${broken.target}=${broken.logPath}`);
  const args = [...process.execArgv, VERDICT, "--run", folder, "--json", ...options];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let complaint = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (complaint += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (output === "") throw new Error(`no verdict (exit code ${String(code)}): ${complaint.trim()}`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- printed by this workspace's own process
  return JSON.parse(output) as Verdict;
}

/** Breaks one event in a copy of the first target's log. */
export function breakOneEvent(folder: string, kind: Sabotage): BrokenEvent {
  const [first] = Object.entries(readRun(folder).targets);
  if (first === undefined) throw new Error(`${folder}: a run without targets`);
  const [target, { log }] = first;
  const { lines, idempotencyKey } = sabotage(kind, readArrivalLog(join(folder, log)));
  const logPath = join(folder, `${target}.${kind}.ndjson`);
  writeFileSync(logPath, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const broken = readAcknowledged(folder).find(
    (event) => expectedIdempotencyKey({ ...event, tenant: "default", target }) === idempotencyKey,
  );
  if (broken === undefined) throw new Error(`${logPath}: broke an event nobody emitted`);
  return { target, eventId: broken.id, logPath };
}
