/**
 * The released versions of every schema, checked in beside the catalog: `history/<subject>/<n>.avsc`, n from 1.
 * They are what stored events were written with, so that compatibility can be judged without a registry. A version once
 * recorded is never changed; a changed schema is a new version.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Catalog, CatalogType } from "./catalog.ts";
import { isMissing, SchemaError, reasonOf } from "./schema-error.ts";

/** A released version of a schema. */
export interface ReleasedSchema {
  readonly version: number;
  readonly avro: unknown;
}

/**
 * The released versions of a subject, oldest first; empty when none was.
 * @throws SchemaError `SCHEMA_INVALID` for a file that cannot be read.
 */
export async function releasedVersions(
  catalog: Catalog,
  subject: string,
): Promise<readonly ReleasedSchema[]> {
  const folder = historyFolder(catalog, subject);
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    const message = `cannot read released schemas: ${folder} (${reasonOf(error)})`;
    throw new SchemaError("SCHEMA_INVALID", message, { cause: error });
  });
  const numbers = names
    .map((name) => Number(/^([1-9]\d*)\.avsc$/.exec(name)?.[1] ?? 0))
    .filter((version) => version > 0)
    .sort((a, b) => a - b);
  return Promise.all(
    numbers.map(async (version) => {
      const file = join(folder, `${version}.avsc`);
      try {
        return { version, avro: JSON.parse(await readFile(file, "utf8")) as unknown };
      } catch (error) {
        const message = `cannot read a released schema: ${file} (${reasonOf(error)})`;
        throw new SchemaError("SCHEMA_INVALID", message, { cause: error });
      }
    }),
  );
}

/** Whether the schema of a type is the newest released version of its subject. */
export function isReleased(type: CatalogType, versions: readonly ReleasedSchema[]): boolean {
  return JSON.stringify(versions.at(-1)?.avro) === JSON.stringify(type.avro);
}

/** Records the schema of a type as the next version; returns its number. */
export async function release(catalog: Catalog, type: CatalogType): Promise<number> {
  const versions = await releasedVersions(catalog, type.subject);
  const version = (versions.at(-1)?.version ?? 0) + 1;
  const folder = historyFolder(catalog, type.subject);
  await mkdir(folder, { recursive: true });
  const text = `${JSON.stringify(type.avro, null, 2)}\n`;
  // "wx": a version is written once.
  await writeFile(join(folder, `${version}.avsc`), text, { flag: "wx" });
  return version;
}

/** A version that was just recorded. */
export interface ReleasedSubject {
  readonly subject: string;
  readonly version: number;
}

/** Records every schema of the catalog that is not its newest version yet; what it recorded, in the catalog's order. */
export async function releaseCatalog(catalog: Catalog): Promise<readonly ReleasedSubject[]> {
  const done: ReleasedSubject[] = [];
  for (const type of catalog.types.values()) {
    if (isReleased(type, await releasedVersions(catalog, type.subject))) continue;
    done.push({ subject: type.subject, version: await release(catalog, type) });
  }
  return done;
}

function historyFolder(catalog: Catalog, subject: string): string {
  return join(dirname(catalog.path), "history", subject);
}
