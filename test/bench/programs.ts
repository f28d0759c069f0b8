/** Builds what is not TypeScript, and our own packages: everything is measured as it is shipped. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findJava } from "@millrace/local";
import type { PeerPrograms } from "./subjects/peers.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GO = join(ROOT, "test/bench/go");
const JAVA = join(ROOT, "test/bench/java");
const BUILT = join(ROOT, ".millrace/bench");

/** Oldest Java that Parallel Consumer's dependencies run on here. */
const JAVA_MIN = 17;

/** What was built. */
export interface Programs {
  /** `test/bench/go/target`. */
  readonly target: string;
  /** `test/bench/go/load`. */
  readonly load: string;
  readonly peers: PeerPrograms;
}

/** Builds what has changed. @throws Error with what a tool said. */
export async function buildPrograms(onProgress: (message: string) => void): Promise<Programs> {
  mkdirSync(BUILT, { recursive: true });
  onProgress("building the packages");
  await run("npm", ["run", "--silent", "build"], ROOT);
  onProgress("building the Go programs");
  // A folder that ends in a slash takes all of them, each by its own name.
  await run("go", ["build", "-o", `${BUILT}/`, "./..."], GO);
  const built = (name: string): string => join(BUILT, name);
  const [target, load, goLanes] = [built("target"), built("load"), built("lanes")];
  onProgress("building the Java peers");
  await run("mvn", ["-q", "-B", "package"], JAVA);
  const { command: java } = findJava({ neededBy: "Parallel Consumer", majorMin: JAVA_MIN });
  const javaClasses = [join(JAVA, "target/classes"), join(JAVA, "target/lib/*")].join(":");
  return { target, load, peers: { goLanes, javaClasses, java } };
}

async function run(tool: string, args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(tool, [...args], { cwd });
  } catch (error) {
    const said = ["stdout", "stderr"].map((name) => String(Reflect.get(Object(error), name) ?? ""));
    const text = said.join("").trim() || String(error);
    throw new Error(`${tool} ${args.join(" ")} failed in ${cwd}:\n${text}`, { cause: error });
  }
}
