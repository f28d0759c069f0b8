import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { StackError } from "./stack-error.ts";

/** A Java that was found. */
export interface Java {
  readonly command: string;
  readonly major: number;
}

/** Where Debian, Red Hat and macOS keep their Javas. */
const USUAL_FOLDERS = ["/usr/lib/jvm", "/usr/java", "/Library/Java/JavaVirtualMachines"];

/** The major version in what `java -version` prints, or null: `1.8.0_392` is 8, `21.0.2` is 21, `25` is 25. */
export function parseJavaMajor(output: string): number | null {
  const found = /version "(?:1\.)?(\d+)/u.exec(output)?.[1];
  return found === undefined ? null : Number(found);
}

/**
 * The first Java of at least this major version: `JAVA_HOME`, then `PATH`, then the usual folders.
 * @throws StackError `JAVA_MISSING` or `JAVA_TOO_OLD`, with what was found.
 */
export function findJava(majorMin: number, what: string): Java {
  const seen: Java[] = [];
  for (const command of candidates()) {
    const major = majorOf(command);
    if (major === null) continue;
    if (major >= majorMin) return { command, major };
    seen.push({ command, major });
  }
  const hint = `install a JDK ${majorMin} or newer (Debian: apt-get install default-jre-headless) or set JAVA_HOME`;
  if (seen.length === 0) {
    throw new StackError("JAVA_MISSING", { message: `no Java found for ${what}`, hint });
  }
  const found = seen.map(({ command, major }) => `${command} is ${major}`).join(", ");
  const message = `Java is too old for ${what}: it needs ${majorMin}, but ${found}`;
  throw new StackError("JAVA_TOO_OLD", { message, hint });
}

function* candidates(): Generator<string> {
  const home = process.env["JAVA_HOME"];
  if (home !== undefined && home !== "") yield join(home, "bin", "java");
  yield "java";
  for (const folder of USUAL_FOLDERS) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).sort().reverse()) {
      yield join(folder, name, "bin", "java");
      yield join(folder, name, "Contents", "Home", "bin", "java");
    }
  }
}

function majorOf(command: string): number | null {
  const done = spawnSync(command, ["-version"], { encoding: "utf8" });
  return done.error === undefined ? parseJavaMajor(`${done.stderr}${done.stdout}`) : null;
}
