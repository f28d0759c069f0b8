import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { compileSchema } from "./avro/avro-type.ts";
import { withoutNull, type RecordNode } from "./avro/schema-node.ts";
import type { CatalogFile, Entry } from "./catalog-file.ts";
import type { CatalogTopic, CatalogType } from "./catalog.ts";
import { parseDuration } from "./duration.ts";
import { reasonOf } from "./schema-error.ts";
import { piiPaths } from "./pii.ts";
import { didYouMean } from "./suggestion.ts";

const CLEANUP_POLICIES = ["delete", "compact", "compact,delete"] as const;
const PARTITIONS = { min: 1, max: 10_000 };

/** Reads a topic; notes what is wrong with it and stands in something harmless, since the file is refused anyway. */
export function topicOf(file: CatalogFile, entry: Entry): CatalogTopic {
  file.allowOnly(entry, ["partitions", "retention", "key", "cleanup"]);
  const { name } = entry;
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name) || /^\.{1,2}$/.test(name)) {
    file.report(entry, "", `${JSON.stringify(name)} is no name that Kafka takes for a topic`);
  }
  const cleanup = file.optionalText(entry, "cleanup") ?? "delete";
  const cleanupPolicy = CLEANUP_POLICIES.find((policy) => policy === cleanup);
  if (cleanupPolicy === undefined) {
    file.report(entry, "cleanup", `cleanup must be one of ${CLEANUP_POLICIES.join(" | ")}`);
  }
  return {
    name,
    partitions: file.integer(entry, "partitions", PARTITIONS) ?? PARTITIONS.min,
    retentionMs: retentionOf(file, entry),
    keyField: file.optionalText(entry, "key"),
    cleanupPolicy: cleanupPolicy ?? "delete",
  };
}

function retentionOf(file: CatalogFile, entry: Entry): number | null {
  const text = file.text(entry, "retention");
  if (text === null || text === "forever") return null;
  const retentionMs = parseDuration(text);
  if (retentionMs === null || retentionMs === 0) {
    file.report(entry, "retention", "retention must be forever, or a duration such as 7d or 12h");
  }
  return retentionMs;
}

/** Reads an event type and its schema file; notes problems of both. */
export async function eventOf(
  file: CatalogFile,
  entry: Entry,
  topics: ReadonlyMap<string, CatalogTopic>,
): Promise<CatalogType | null> {
  file.allowOnly(entry, ["topic", "schema", "owner", "key"]);
  const topicName = file.text(entry, "topic");
  const owner = file.text(entry, "owner");
  const schemaName = file.text(entry, "schema");
  const topic = topicName === null ? undefined : topics.get(topicName);
  if (topicName !== null && topic === undefined) {
    const hint = didYouMean(topicName, topics.keys());
    file.report(entry, "topic", `no such topic in this catalog: ${topicName}${hint}`);
  }
  if (schemaName === null) return null;
  const schemaPath = resolve(dirname(file.path), schemaName);
  const schema = await readSchema(file, { entry, schemaPath });
  if (schema === null || topic === undefined || owner === null) return null;
  const keyField = file.optionalText(entry, "key") ?? topic.keyField;
  checkKey(file, { entry, keyField, node: schema.node });
  const type = entry.name;
  const { avro, piiFields } = schema;
  const subject = `${topic.name}-${type}`;
  return { type, topic, keyField, owner, subject, avro, schemaPath, piiFields };
}

interface ReadSchema {
  readonly avro: unknown;
  readonly node: RecordNode;
  readonly piiFields: readonly string[];
}

async function readSchema(
  file: CatalogFile,
  of: { readonly entry: Entry; readonly schemaPath: string },
): Promise<ReadSchema | null> {
  const { entry, schemaPath } = of;
  const text = await readFile(schemaPath, "utf8").catch((error: unknown) => {
    file.report(entry, "schema", `cannot read the schema (${reasonOf(error)})`);
    return null;
  });
  if (text === null) return null;
  try {
    const avro: unknown = JSON.parse(text);
    const { node } = compileSchema(avro);
    if (node.kind !== "record") throw new Error("an event's schema must be a record");
    if (node.name !== entry.name) {
      throw new Error(`the record is named ${node.name}, the catalog says ${entry.name}`);
    }
    return { avro, node, piiFields: piiPaths(node) };
  } catch (error) {
    file.reportIn({ file: schemaPath, pointer: "", detail: reasonOf(error), ...positionIn(error) });
    return null;
  }
}

/** The engine's JSON errors end in `(line 3 column 5)`; other problems concern the whole file. */
function positionIn(error: unknown): { line: number; column: number } {
  const match = /\(line (\d+) column (\d+)\)/.exec(reasonOf(error));
  return { line: Number(match?.[1] ?? 1), column: Number(match?.[2] ?? 1) };
}

function checkKey(
  file: CatalogFile,
  of: { readonly entry: Entry; readonly keyField: string | null; readonly node: RecordNode },
): void {
  const { entry, keyField, node } = of;
  if (keyField === null) return;
  const field = node.fields.find(({ name }) => name === keyField);
  if (field === undefined) {
    const hint = didYouMean(
      keyField,
      node.fields.map(({ name }) => name),
    );
    file.report(entry, "key", `${node.name} has no field ${keyField} to be its key${hint}`);
  } else if (!["string", "int", "long", "enum"].includes(withoutNull(field.type).kind)) {
    file.report(entry, "key", `the key field ${keyField} must be a string, int, long or enum`);
  }
}
