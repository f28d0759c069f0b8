import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { eventOf, topicOf } from "./catalog-entries.ts";
import { CatalogFile } from "./catalog-file.ts";
import { isMissing, SchemaError, reasonOf } from "./schema-error.ts";

/** A topic of the catalog. */
export interface CatalogTopic {
  readonly name: string;
  readonly partitions: number;
  /** Null: kept forever. */
  readonly retentionMs: number | null;
  /** The data's field that is the record key by default; null: events have no key, hence no order. */
  readonly keyField: string | null;
  readonly cleanupPolicy: "delete" | "compact" | "compact,delete";
}

/** An event type of the catalog. */
export interface CatalogType {
  /** The Avro full name, which is also `ce_type`. */
  readonly type: string;
  readonly topic: CatalogTopic;
  /** The type's own key field, else its topic's. */
  readonly keyField: string | null;
  /** The team to ask. */
  readonly owner: string;
  /** `<topic>-<type>`: TopicRecordNameStrategy, so that several types share a topic and keep their order per key. */
  readonly subject: string;
  /** The schema's JSON. */
  readonly avro: unknown;
  /** Absolute. */
  readonly schemaPath: string;
  /** Paths of the fields annotated `pii`, such as `address.street`; items of arrays as `lines[].note`. */
  readonly piiFields: readonly string[];
}

/** A checked catalog. Both maps keep the file's order. */
export interface Catalog {
  /** Absolute path of the file it was read from. */
  readonly path: string;
  readonly topics: ReadonlyMap<string, CatalogTopic>;
  readonly types: ReadonlyMap<string, CatalogType>;
}

/** The catalog that comes with this package. */
export const DEFAULT_CATALOG_PATH: string = fileURLToPath(
  new URL("../catalog.yaml", import.meta.url),
);

/** The only version of the file's format. */
export const CATALOG_VERSION = "millrace/v1";

/**
 * Reads a catalog and the schemas it names.
 * @throws SchemaError `CATALOG_MISSING` where it is not there; `CATALOG_INVALID` with every problem, each with its file and
 * line; the message lists them too.
 */
export async function loadCatalog(path: string): Promise<Catalog> {
  const file = new CatalogFile(resolve(path), await readText(path));
  const { root } = file;
  const topics = new Map<string, CatalogTopic>();
  const types = new Map<string, CatalogType>();
  if (root !== null) {
    file.allowOnly(root, ["apiVersion", "topics", "events"]);
    if (file.text(root, "apiVersion") !== CATALOG_VERSION) {
      file.report(root, "apiVersion", `apiVersion must be ${CATALOG_VERSION}`);
    }
    for (const entry of file.entries(root, "topics")) {
      topics.set(entry.name, topicOf(file, entry));
    }
    for (const entry of file.entries(root, "events")) {
      const type = await eventOf(file, entry, topics);
      if (type !== null) types.set(type.type, type);
    }
  }
  file.throwProblems();
  return { path: file.path, topics, types };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const message = `cannot read the catalog: ${resolve(path)} (${reasonOf(error)})`;
    const code = isMissing(error) ? "CATALOG_MISSING" : "CATALOG_INVALID";
    throw new SchemaError(code, message, { cause: error });
  }
}
