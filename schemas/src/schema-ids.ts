import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Catalog, CatalogType } from "./catalog.ts";
import type { Registry } from "./registry.ts";
import { SchemaError } from "./schema-error.ts";

/** What resolving may be told. */
export interface SchemaIdsOptions {
  /** Written after every success, read when the registry is away: a producer then still starts. */
  readonly cacheFile?: string;
}

/**
 * The registry's id of every schema of the catalog, by event type.
 *
 * With a cache file, ids of unchanged schemas survive a registry that is away; an id is bound to the registry's URL, the
 * subject and the schema's text, so that no other can be taken for it.
 * @throws SchemaError `REGISTRY_UNREACHABLE` (retry) when it is away and the cache does not hold every id;
 *   `SCHEMA_UNKNOWN` naming all schemas that are not registered.
 */
export async function resolveSchemaIds(
  catalog: Catalog,
  registry: Registry,
  options: SchemaIdsOptions = {},
): Promise<ReadonlyMap<string, number>> {
  const types = [...catalog.types.values()];
  const { cacheFile } = options;
  try {
    const ids = await askFor(types, registry);
    if (cacheFile !== undefined) await writeCache(cacheFile, cacheOf(types, { ids, registry }));
    return ids;
  } catch (error) {
    const isAway = error instanceof SchemaError && error.code === "REGISTRY_UNREACHABLE";
    const cached = isAway && cacheFile !== undefined ? await readCache(cacheFile) : null;
    const ids = cached === null ? null : idsFrom(cached, { types, registry });
    if (ids === null) throw error;
    return ids;
  }
}

async function askFor(
  types: readonly CatalogType[],
  registry: Registry,
): Promise<ReadonlyMap<string, number>> {
  const missing: string[] = [];
  const ids = await Promise.all(
    types.map(async ({ type, subject, avro }): Promise<readonly [string, number]> => {
      try {
        return [type, await registry.idOf(subject, avro)];
      } catch (error) {
        if (!(error instanceof SchemaError) || error.code !== "SCHEMA_UNKNOWN") throw error;
        missing.push(subject);
        return [type, -1];
      }
    }),
  );
  if (missing.length > 0) {
    const subjects = missing.sort().join(", ");
    const message = `schemas are not registered as the catalog has them: ${subjects} (run millrace schemas push)`;
    throw new SchemaError("SCHEMA_UNKNOWN", message);
  }
  return new Map(ids);
}

/** Ids by a fingerprint of registry, subject and schema. */
type Cache = ReadonlyMap<string, number>;

function cacheOf(
  types: readonly CatalogType[],
  from: { readonly ids: ReadonlyMap<string, number>; readonly registry: Registry },
): Cache {
  return new Map(
    types.map((type) => [fingerprint(type, from.registry), from.ids.get(type.type) ?? 0]),
  );
}

function idsFrom(
  cache: Cache,
  of: { readonly types: readonly CatalogType[]; readonly registry: Registry },
): ReadonlyMap<string, number> | null {
  const ids = new Map<string, number>();
  for (const type of of.types) {
    const id = cache.get(fingerprint(type, of.registry));
    if (id === undefined) return null;
    ids.set(type.type, id);
  }
  return ids;
}

function fingerprint({ subject, avro }: CatalogType, registry: Registry): string {
  const parts = JSON.stringify(["v1", registry.url, subject, avro]);
  return createHash("sha256").update(parts).digest("base64url");
}

async function readCache(file: string): Promise<Cache | null> {
  try {
    const json: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof json !== "object" || json === null) return null;
    return new Map(Object.entries(json).filter((entry) => isEntry(entry)));
  } catch {
    // No cache, or a damaged one: the registry's absence is then what is reported.
    return null;
  }
}

function isEntry(entry: readonly [string, unknown]): entry is [string, number] {
  return typeof entry[1] === "number" && Number.isSafeInteger(entry[1]);
}

/** Whole or not at all. A cache that cannot be written costs nothing while the registry answers. */
async function writeCache(file: string, cache: Cache): Promise<void> {
  const written = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(written, JSON.stringify(Object.fromEntries(cache)));
    await rename(written, file);
  } catch {
    return;
  }
}
