import { spawn } from "node:child_process";
import { StackError } from "./stack-error.ts";

const RUN_MS_MAX = 600_000;
const OUTPUT_CHARS_MAX = 8_000;
const FETCH_HINT =
  "the first start needs the Maven repository: check the network and ~/.m2/settings.xml (later ones need none)";

/** What a fetch may be ended by. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs Maven, silent.
 * @throws StackError `MAVEN_MISSING` or `FETCH_FAILED` with Maven's own first complaint.
 */
export async function runMaven(args: readonly string[], options: FetchOptions): Promise<void> {
  const done = await run("mvn", ["-q", "-B", "-U", ...args], options);
  if (done === "missing") {
    throw new StackError("MAVEN_MISSING", {
      message: "Maven not found: no mvn in PATH",
      hint: "install Maven (Debian: apt-get install maven); it is needed for the first start only",
    });
  }
  if (done.code === 0) return;
  const message = `Maven failed: ${firstComplaint(done.output)}`;
  throw new StackError("FETCH_FAILED", { message, hint: FETCH_HINT });
}

/** Unpacks a `.tar.gz`. @throws StackError `FETCH_FAILED`. */
export async function unpack(
  archive: string,
  options: FetchOptions & { readonly to: string },
): Promise<void> {
  const done = await run("tar", ["-xzf", archive, "-C", options.to], options);
  if (done !== "missing" && done.code === 0) return;
  const reason = done === "missing" ? "no tar in PATH" : done.output.trim();
  throw new StackError("FETCH_FAILED", {
    message: `${archive} could not be unpacked: ${reason}`,
    hint: "install tar, and check the space on the disk",
  });
}

/** The first line that Maven marks as an error, without the mark; else all it said. */
export function firstComplaint(output: string): string {
  const plain = output.replaceAll(/\u001B\[[0-9;]*m/gu, "");
  const marked = plain.split("\n").find((line) => line.includes("[ERROR]"));
  return marked === undefined ? plain.trim() : marked.replace("[ERROR]", "").trim();
}

function run(
  command: string,
  args: readonly string[],
  { signal }: FetchOptions,
): Promise<{ readonly code: number | null; readonly output: string } | "missing"> {
  const limit = AbortSignal.timeout(RUN_MS_MAX);
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < OUTPUT_CHARS_MAX) output += text;
    });
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve("missing");
      else if (signal?.aborted === true) reject(error);
    });
    child.on("close", (code) => {
      if (limit.aborted) output = `[ERROR] no end after ${RUN_MS_MAX / 60_000} minutes\n${output}`;
      resolve({ code, output });
    });
  });
}
