import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { StackError } from "./stack-error.ts";

/** A Java that was found. */
export interface Java {
  readonly command: string;
  readonly major: number;
}

/** What is looked for, and where. */
export interface JavaSearch {
  /** What needs it, for the error. */
  readonly neededBy: string;
  readonly majorMin: number;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: where Debian, Red Hat and macOS keep their Javas. */
  readonly folders?: readonly string[];
}

const USUAL_FOLDERS = ["/usr/lib/jvm", "/usr/java", "/Library/Java/JavaVirtualMachines"];

/** The major version in what `java -version` prints, or null: `1.8.0_392` is 8, `21.0.2` is 21, `25` is 25. */
export function parseJavaMajor(output: string): number | null {
  const found = /version "(?:1\.)?(\d+)/u.exec(output)?.[1];
  return found === undefined ? null : Number(found);
}

/**
 * The first Java that is new enough: `JAVA_HOME`, then `PATH`, then the usual folders.
 * @throws StackError `JAVA_MISSING` or `JAVA_TOO_OLD`, with what was found.
 */
export function findJava(search: JavaSearch): Java {
  const { neededBy, majorMin, env = process.env } = search;
  const tooOld = new Map<string, Java>();
  for (const command of candidates(search)) {
    const major = majorOf(command, env);
    if (major === null) continue;
    if (major >= majorMin) return { command, major };
    const path = existsSync(command) ? realpathSync(command) : command;
    if (!tooOld.has(path)) tooOld.set(path, { command, major });
  }
  const hint = `install a JDK ${majorMin} or newer (Debian 13: apt-get install openjdk-21-jre-headless; others: https://adoptium.net) or set JAVA_HOME`;
  if (tooOld.size === 0)
    throw new StackError("JAVA_MISSING", { message: `no Java found for ${neededBy}`, hint });
  const found = [...tooOld.values()].map(({ command, major }) => `${command} is ${major}`);
  const message = `Java is too old for ${neededBy}: it needs ${majorMin}, but ${found.join(", ")}`;
  throw new StackError("JAVA_TOO_OLD", { message, hint });
}

function* candidates({ env = process.env, folders = USUAL_FOLDERS }: JavaSearch) {
  const home = env["JAVA_HOME"];
  if (home !== undefined && home !== "") yield join(home, "bin", "java");
  yield "java";
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).sort().reverse()) {
      yield join(folder, name, "bin", "java");
      yield join(folder, name, "Contents", "Home", "bin", "java");
    }
  }
}

function majorOf(command: string, env: NodeJS.ProcessEnv): number | null {
  if (command !== "java" && !existsSync(command)) return null;
  const done = spawnSync(command, ["-version"], { encoding: "utf8", env, timeout: 20_000 });
  return done.error === undefined ? parseJavaMajor(`${done.stderr}${done.stdout}`) : null;
}
