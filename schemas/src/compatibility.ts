import { compileSchema } from "./avro/avro-type.ts";
import { resolutionProblems } from "./avro/resolution.ts";
import type { Catalog, CatalogType } from "./catalog.ts";
import { isReleased, releasedVersions } from "./history.ts";
import type { Registry } from "./registry.ts";
import { reasonOf } from "./schema-error.ts";

/** A schema of the catalog against one version that events may have been written with. */
export interface CompatibilityItem {
  readonly subject: string;
  /** Where the version is: checked in under `history/`, or in the registry. */
  readonly against: "history" | "registry";
  readonly version: number;
  /** One sentence each; empty when compatible. */
  readonly problems: readonly string[];
}

/** What a check found. */
export interface CompatibilityReport {
  readonly isCompatible: boolean;
  readonly items: readonly CompatibilityItem[];
  /** Subjects whose schema is not their newest version under `history/`. */
  readonly unreleased: readonly string[];
}

/**
 * BACKWARD_TRANSITIVE: every schema of the catalog must read everything that any earlier version wrote, since a replay
 * reads old events with new code. Offline against `history/`; with a registry also against all its versions.
 * Stricter than Avro where Avro would change data silently: see {@link readProblems}.
 * @throws SchemaError of the registry, or `SCHEMA_INVALID` for a broken history file.
 */
export async function checkCompatibility(
  catalog: Catalog,
  registry: Registry | null = null,
): Promise<CompatibilityReport> {
  const items: CompatibilityItem[] = [];
  const unreleased: string[] = [];
  for (const type of catalog.types.values()) {
    const released = await releasedVersions(catalog, type.subject);
    if (!isReleased(type, released)) unreleased.push(type.subject);
    items.push(...released.map((version) => itemOf(type, "history", version)));
    if (registry === null) continue;
    const registered = await registry.versions(type.subject);
    items.push(...registered.map((version) => itemOf(type, "registry", version)));
  }
  return { isCompatible: items.every(({ problems }) => problems.length === 0), items, unreleased };
}

function itemOf(
  { subject, avro }: CatalogType,
  against: CompatibilityItem["against"],
  of: { readonly version: number; readonly avro: unknown },
): CompatibilityItem {
  return { subject, against, version: of.version, problems: readProblems(avro, of.avro) };
}

/**
 * What stands against reading data of schema `writer` as schema `reader`, one sentence each: all that Avro forbids, a
 * changed logical type, and enum symbols that are gone. avsc's resolver, which does the reading, must agree.
 */
export function readProblems(reader: unknown, writer: unknown): readonly string[] {
  try {
    const [to, from] = [compileSchema(reader), compileSchema(writer)];
    const problems = resolutionProblems(to.node, from.node);
    if (problems.length > 0) return problems.map(({ detail }) => detail);
    to.type.createResolver(from.type);
    return [];
  } catch (error) {
    return [reasonOf(error)];
  }
}
