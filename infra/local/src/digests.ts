import { createHash, hash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

/** SHA-256, hexadecimal, by file name relative to a folder. */
export type Digests = ReadonlyMap<string, string>;

/** A checked-in list, in the form of `sha256sum`. */
export interface DigestList {
  readonly digests: Digests;
  /** Eight characters that change with the list: caches of different lists have different names. */
  readonly revision: string;
}

/** The list `digests/<name>.sha256` of this workspace. */
export function readDigestList(name: string): DigestList {
  const path = fileURLToPath(new URL(`../digests/${name}.sha256`, import.meta.url));
  const text = readFileSync(path, "utf8");
  return { digests: parseDigests(text), revision: hash("sha256", text).slice(0, 8) };
}

/** The lines of `sha256sum`: digest, two characters, name. Blank lines are passed over. */
export function parseDigests(text: string): Digests {
  const digests = new Map<string, string>();
  for (const line of text.split("\n")) {
    const found = /^([0-9a-f]{64}) [ *](.+)$/u.exec(line);
    const [, digest, name] = found ?? [];
    if (digest !== undefined && name !== undefined) digests.set(name, digest);
  }
  return digests;
}

/** What differs first between a folder and its list: a file too many, one that is missing, or one that is not the same. */
export async function findDamage(folder: string, digests: Digests): Promise<string | null> {
  const names = new Set(await filesOf(folder));
  for (const name of digests.keys()) if (!names.has(name)) return `missing file: ${name}`;
  for (const name of names) {
    const expected = digests.get(name);
    if (expected === undefined) return `unexpected file: ${name}`;
    const actual = await digestOf(join(folder, name));
    if (actual !== expected) return `digest differs: ${name} (${actual})`;
  }
  return null;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

async function digestOf(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}
