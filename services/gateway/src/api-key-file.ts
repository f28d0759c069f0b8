/**
 * The file of API keys, JSON:
 *
 *     { "version": 1, "keys": [{ "id": "6f1c…", "name": "order-service", "hash": "sha256:<64 hex digits>",
 *       "scopes": ["emit:orders"], "expiresAt": "2027-06-30T00:00:00Z" }] }
 *
 * `scopes` (default `["emit"]`) and `expiresAt` (default: never) may be left out. It holds no secret.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { MillraceError } from "@millrace/engine";
import { isRfc3339 } from "@millrace/schemas";
import { hashApiKey, makeApiKey, type ApiKey, type Scope } from "./api-key.ts";
import { isJsonObject, type JsonObject } from "./event-draft.ts";

const VERSION = 1;
const MEMBERS: ReadonlySet<string> = new Set(["id", "name", "hash", "scopes", "expiresAt"]);
const HASH = /^sha256:([0-9a-f]{64})$/u;
const ID = /^[A-Za-z0-9_-]{1,64}$/u;

/**
 * Reads the keys.
 * @throws MillraceError `CONFIG_MISSING`, `CONFIG_UNREADABLE`, or `CONFIG_INVALID` with every problem in its message.
 */
export async function readApiKeys(path: string): Promise<readonly ApiKey[]> {
  return keysOf(path, await readEntries(path));
}

/** What a new key is made with. */
export interface NewKey {
  readonly name: string;
  readonly scopes: readonly string[];
  /** RFC 3339; null: it never expires. */
  readonly expiresAt: string | null;
}

/**
 * Makes a key, adds it to the file (which is made if it is not there) and returns its text, which is kept nowhere.
 * @throws MillraceError as `readApiKeys`; the file is then as it was.
 */
export async function addApiKey(
  path: string,
  { name, scopes, expiresAt }: NewKey,
): Promise<string> {
  const entries = await readEntries(path).catch((error: unknown): readonly unknown[] => {
    if (isNotThere(error)) return [];
    throw error;
  });
  const { text, id } = makeApiKey();
  const entry = {
    id,
    name,
    hash: `sha256:${hashApiKey(text).toString("hex")}`,
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(expiresAt === null ? {} : { expiresAt }),
  };
  const keys = [...entries, entry];
  keysOf(path, keys);
  const written = `${path}.${process.pid}.tmp`;
  await writeFile(written, `${JSON.stringify({ version: VERSION, keys }, null, 2)}\n`, {
    mode: 0o600,
  });
  await rename(written, path);
  return text;
}

async function readEntries(path: string): Promise<readonly unknown[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const code = isMissing ? "CONFIG_MISSING" : "CONFIG_UNREADABLE";
    throw new MillraceError(code, `API keys: ${reason}`, { cause: error });
  });
  const file = parse(path, text);
  const keys = isJsonObject(file) && file["version"] === VERSION ? file["keys"] : undefined;
  if (Array.isArray(keys)) return keys.map((key: unknown) => key);
  throw invalid(path, [`must be {"version": ${VERSION}, "keys": [...]}`]);
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(path, ["is not JSON"]);
  }
}

function keysOf(path: string, entries: readonly unknown[]): readonly ApiKey[] {
  const problems: string[] = [];
  const keys: ApiKey[] = [];
  for (const [index, entry] of entries.entries()) {
    const own = problemsOf(entry).map((problem) => `/keys/${index}${problem}`);
    problems.push(...own);
    if (own.length === 0 && isJsonObject(entry)) keys.push(keyOf(entry));
  }
  for (const [index, { id }] of keys.entries()) {
    const isTwice = keys.findIndex((other) => other.id === id) < index;
    if (isTwice) problems.push(`/keys/${index}/id ${id} stands there twice`);
  }
  if (problems.length > 0) throw invalid(path, problems);
  return keys;
}

function problemsOf(entry: unknown): readonly string[] {
  if (!isJsonObject(entry)) return [" must be an object"];
  const { id, name, hash, scopes = ["emit"], expiresAt } = entry;
  const problems = Object.keys(entry)
    .filter((member) => !MEMBERS.has(member))
    .map((member) => `/${member} is not known`);
  if (typeof id !== "string" || !ID.test(id)) {
    problems.push("/id must be 1 to 64 letters, digits, - or _");
  }
  if (typeof name !== "string" || name === "") problems.push("/name must be a text");
  if (typeof hash !== "string" || !HASH.test(hash)) {
    problems.push("/hash must be sha256: and 64 lower-case hex digits");
  }
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScope)) {
    problems.push('/scopes must be a list of "emit" or "emit:<topic>"');
  }
  if (expiresAt !== undefined && (typeof expiresAt !== "string" || !isRfc3339(expiresAt))) {
    problems.push("/expiresAt must be an RFC 3339 time");
  }
  return problems;
}

function isScope(scope: unknown): scope is Scope {
  return typeof scope === "string" && /^emit(?::[A-Za-z0-9._-]+)?$/u.test(scope);
}

function keyOf({ id, name, hash, scopes = ["emit"], expiresAt }: JsonObject): ApiKey {
  const digits = HASH.exec(String(hash))?.[1] ?? "";
  return {
    id: String(id),
    name: String(name),
    hash: Buffer.from(digits, "hex"),
    scopes: Array.isArray(scopes) ? scopes.filter(isScope) : [],
    expiresAt: typeof expiresAt === "string" ? Date.parse(expiresAt) : null,
  };
}

function invalid(path: string, problems: readonly string[]): MillraceError {
  const lines = problems.map((problem) => `\n  ${problem}`).join("");
  return new MillraceError("CONFIG_INVALID", `API keys do not hold: ${path}${lines}`);
}

function isNotThere(error: unknown): boolean {
  return error instanceof MillraceError && error.code === "CONFIG_MISSING";
}
