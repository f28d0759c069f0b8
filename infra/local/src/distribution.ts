/**
 * Kafka's jars and the registry's archive: fetched once by Maven into a cache that clones share, checked against the
 * digests that are checked in.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { StackError } from "./stack-error.ts";

const KAFKA = "kafka-4.4.0";
const REGISTRY = "apicurio-registry-app-3.3.2";
const REGISTRY_ARTIFACT = "io.apicurio:apicurio-registry-app:3.3.2:tar.gz:all";
const FREE_BYTES_MIN = 1_073_741_824;

const here = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Where the servers' files are. */
export interface Distribution {
  /** Folder of Kafka's jars. */
  readonly kafka: string;
  /** Folder of the registry, with `quarkus-run.jar` in it. */
  readonly registry: string;
}

/** The cache: `MILLRACE_CACHE`, else `millrace` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env["MILLRACE_CACHE"];
  if (own !== undefined && own !== "") return own;
  const shared = env["XDG_CACHE_HOME"];
  const base = shared !== undefined && shared !== "" ? shared : join(homedir(), ".cache");
  return join(base, "millrace");
}

/**
 * Both servers' files, fetched where they are missing. Safe when several processes do it at once.
 * @throws StackError `MAVEN_MISSING`, `FETCH_FAILED`, `DIGEST_MISMATCH` or `DISK_FULL`.
 */
export async function fetchDistribution(
  onProgress: (message: string) => void,
): Promise<Distribution> {
  const cache = cacheFolder();
  await mkdir(cache, { recursive: true });
  await assertDiskSpace(cache);
  const kafka = join(cache, KAFKA);
  const registry = join(cache, REGISTRY);
  await Promise.all([
    existsSync(kafka) ? null : fetchKafka(kafka, onProgress),
    existsSync(registry) ? null : fetchRegistry(registry, onProgress),
  ]);
  return { kafka, registry };
}

/** @throws StackError `DISK_FULL` when less than 1 GiB is free. */
export async function assertDiskSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= FREE_BYTES_MIN) return;
  const free = Math.round((bavail * bsize) / 1_048_576);
  throw new StackError("DISK_FULL", {
    message: `disk nearly full: ${free} MiB free at ${folder}`,
    hint: "free at least 1 GiB, or point MILLRACE_CACHE and MILLRACE_HOME elsewhere",
  });
}

/** SHA-256 of each file as the checked-in list has it, by file name. */
export function readDigests(text = readFileSync(here("digests.txt"), "utf8")): Map<string, string> {
  const digests = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [digest, name] = line.split(/\s+/u);
    if (digest !== undefined && name !== undefined && name !== "") digests.set(name, digest);
  }
  return digests;
}

/** SHA-256 of a file, hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/**
 * Checks every file of a folder, and that none is missing.
 * @throws StackError `DIGEST_MISMATCH` naming the first file that differs.
 */
export async function checkFiles(
  folder: string,
  digests: ReadonlyMap<string, string>,
): Promise<void> {
  const mismatch = (message: string): StackError =>
    new StackError("DIGEST_MISMATCH", {
      message,
      hint: "the download is damaged or was tampered with: try again; if it stays, do not use it",
    });
  const names = new Set(await readdir(folder));
  for (const name of names) {
    const expected = digests.get(name);
    if (expected === undefined) throw mismatch(`unexpected file: ${name}`);
    const actual = await digestOf(join(folder, name));
    if (actual !== expected) throw mismatch(`digest differs: ${name} (${actual})`);
  }
  for (const name of digests.keys()) if (!names.has(name)) throw mismatch(`missing file: ${name}`);
}

async function fetchKafka(to: string, onProgress: (message: string) => void): Promise<void> {
  onProgress("fetching Apache Kafka 4.4.0 (43 MB, once)");
  await fetchInto(to, async (folder) => {
    const output = `-DoutputDirectory=${folder}`;
    await maven(["-f", here("pom.xml"), "dependency:copy-dependencies", output]);
    await checkFiles(
      folder,
      pick((name) => name.endsWith(".jar")),
    );
  });
}

async function fetchRegistry(to: string, onProgress: (message: string) => void): Promise<void> {
  onProgress("fetching Apicurio Registry 3.3.2 (150 MB, once)");
  await fetchInto(to, async (folder) => {
    const artifact = `-Dartifact=${REGISTRY_ARTIFACT}`;
    await maven(["dependency:copy", artifact, `-DoutputDirectory=${folder}`]);
    await checkFiles(
      folder,
      pick((name) => name.endsWith(".tar.gz")),
    );
    const [archive = ""] = await readdir(folder);
    await run("tar", ["-xzf", join(folder, archive), "-C", folder]);
    await rm(join(folder, archive));
  });
}

function pick(matches: (name: string) => boolean): ReadonlyMap<string, string> {
  return new Map([...readDigests()].filter(([name]) => matches(name)));
}

/** Fills a folder beside the final one and renames it: the final name always holds everything. */
async function fetchInto(to: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${to}.part-`);
  try {
    await fill(folder);
    await rename(folder, to).catch((error: unknown) => {
      if (!existsSync(to)) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function maven(args: readonly string[]): Promise<void> {
  await run("mvn", ["-q", "-B", ...args]);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream
      .setEncoding("utf8")
      .on("data", (text: string) => (output = (output + text).slice(-4_000)));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", () => {
      const hint =
        command === "mvn" ? "install Maven (Debian: apt-get install maven)" : `install ${command}`;
      reject(new StackError("MAVEN_MISSING", { message: `${command} not found`, hint }));
    });
    child.on("close", resolve);
  });
  if (code === 0) return;
  const [reason = output.trim()] = output.split("\n").filter((line) => line.includes("[ERROR]"));
  throw new StackError("FETCH_FAILED", {
    message: `${command} failed: ${reason}`,
    hint: "the first start needs the Maven repository: check the network (later ones need none)",
  });
}
