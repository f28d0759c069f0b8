/**
 * Kafka's jars and the registry's files: fetched once by Maven into a cache that clones share, checked against the
 * digests that are checked in, at the fetch and again at each start.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDamage, readDigestList, type Digests } from "./digests.ts";
import { assertDiskSpace } from "./disk-space.ts";
import { runMaven, unpack, type FetchOptions } from "./fetch-tool.ts";
import { StackError } from "./stack-error.ts";

const KAFKA = "kafka-4.4.0";
const REGISTRY = "apicurio-registry-app-3.3.2";
const REGISTRY_ARTIFACT = "io.apicurio:apicurio-registry-app:3.3.2:tar.gz:all";
/** 3.x wants the artifact's parent POM, which the registry's publisher has not put on Maven Central. */
const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.10";
const POM = fileURLToPath(new URL("../pom.xml", import.meta.url));
/** A folder that a killed fetch left behind is swept away when it is this old. */
const LEFTOVER_MS = 3_600_000;

/** Where the servers' files are. */
export interface Distribution {
  /** Folder of Kafka's jars. */
  readonly kafka: string;
  /** Folder of the registry, with `quarkus-run.jar` in it. */
  readonly registry: string;
}

/** How to fetch. */
export interface DistributionOptions extends FetchOptions {
  /** Default: `cacheFolder()`. */
  readonly cache?: string | undefined;
  readonly onProgress: (message: string) => void;
}

interface Part {
  readonly name: string;
  readonly announcement: string;
  readonly fill: (folder: string, options: DistributionOptions) => Promise<void>;
}

const KAFKA_PART: Part = {
  name: KAFKA,
  announcement: "fetching Apache Kafka 4.4.0 (43 MB, once)",
  async fill(folder, options) {
    const output = `-DoutputDirectory=${folder}`;
    const goal = `${DEPENDENCY_PLUGIN}:copy-dependencies`;
    await runMaven(["-f", POM, goal, "-DincludeScope=runtime", output], options);
  },
};

const REGISTRY_PART: Part = {
  name: REGISTRY,
  announcement: "fetching Apicurio Registry 3.3.2 (150 MB, once)",
  async fill(folder, options) {
    const archives = await mkdtemp(`${folder}.archive-`);
    try {
      const artifact = `-Dartifact=${REGISTRY_ARTIFACT}`;
      const output = `-DoutputDirectory=${archives}`;
      await runMaven([`${DEPENDENCY_PLUGIN}:copy`, artifact, output], options);
      await assertUndamaged(archives, readDigestList("archives").digests);
      const [archive = ""] = await readdir(archives);
      await unpack(join(archives, archive), { ...options, to: folder });
    } finally {
      await rm(archives, { recursive: true, force: true });
    }
  },
};

/** The cache: `MILLRACE_CACHE`, else `millrace` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env["MILLRACE_CACHE"];
  if (own !== undefined && own !== "") return own;
  const shared = env["XDG_CACHE_HOME"];
  const base = shared !== undefined && shared !== "" ? shared : join(homedir(), ".cache");
  return join(base, "millrace");
}

/**
 * Both servers' files, fetched where they are missing or damaged. Safe when several processes do it at once.
 * @throws StackError `MAVEN_MISSING`, `FETCH_FAILED`, `DIGEST_MISMATCH` or `DISK_FULL`.
 */
export async function fetchDistribution(options: DistributionOptions): Promise<Distribution> {
  // One after the other: Maven's own repository is not made for two Mavens at once.
  const kafka = await ensurePart(KAFKA_PART, options);
  const registry = await ensurePart(REGISTRY_PART, options);
  return { kafka, registry };
}

/** Folder of Kafka's jars alone, as `fetchDistribution` gives it. */
export function fetchKafka(options: DistributionOptions): Promise<string> {
  return ensurePart(KAFKA_PART, options);
}

async function ensurePart(part: Part, options: DistributionOptions): Promise<string> {
  const cache = options.cache ?? cacheFolder();
  const { digests, revision } = readDigestList(part.name);
  const folder = join(cache, `${part.name}-${revision}`);
  if (existsSync(folder)) {
    const damage = await findDamage(folder, digests);
    if (damage === null) return folder;
    options.onProgress(`${folder} is damaged (${damage}): fetching it again`);
    await discard(folder);
  }
  await mkdir(cache, { recursive: true });
  await sweep(cache, part.name);
  options.onProgress(part.announcement);
  await fetchInto(folder, async (partial) => {
    await part.fill(partial, options);
    await assertUndamaged(partial, digests);
  });
  return folder;
}

/** @throws StackError `DIGEST_MISMATCH` naming the first file that differs. */
async function assertUndamaged(folder: string, digests: Digests): Promise<void> {
  const damage = await findDamage(folder, digests);
  if (damage === null) return;
  throw new StackError("DIGEST_MISMATCH", {
    message: `what was fetched is not what was to be fetched: ${damage}`,
    hint: "the download is damaged or was tampered with: try again; if it stays, do not use it",
  });
}

/** Fills a folder beside the final one and renames it: the final name always holds everything. */
async function fetchInto(to: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${to}.part-`);
  try {
    await assertDiskSpace(folder);
    await fill(folder);
    await rename(folder, to).catch((error: unknown) => {
      if (!existsSync(to)) throw error;
    });
  } catch (error) {
    // A fetch that filled the disk says so, and not what Maven made of it.
    if (error instanceof StackError && error.code === "FETCH_FAILED") await assertDiskSpace(folder);
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Out of the way at once, then away: a server that still runs from it keeps its open files. */
async function discard(folder: string): Promise<void> {
  const aside = `${folder}.part-damaged-${process.pid}`;
  await rename(folder, aside);
  await rm(aside, { recursive: true, force: true });
}

async function sweep(cache: string, name: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(name) || !entry.includes(".part-")) continue;
    const path = join(cache, entry);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}
