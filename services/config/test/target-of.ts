import {
  compileSchema,
  parseSchema,
  type Catalog,
  type CatalogType,
  type DecodedEvent,
  type SchemaNode,
} from "@millrace/schemas";
import type { TargetConfig } from "../src/config.ts";
import { ProblemList, type ConfigProblem } from "../src/problems.ts";
import { readTargets } from "../src/read-targets.ts";
import { Secrets } from "../src/source/secrets.ts";
import { parseYaml } from "../src/source/yaml-file.ts";
import { memoryFiles } from "./memory-files.ts";

/** A record schema, as its JSON. */
export interface RecordSchema {
  readonly name: string;
  readonly fields: readonly unknown[];
}

const topic = {
  name: "things",
  partitions: 1,
  retentionMs: null,
  keyField: null,
  cleanupPolicy: "delete",
} as const;

/** A catalog of these record types, all on the topic `things`. */
export function catalogOf(schemas: readonly RecordSchema[]): Catalog {
  const types = schemas.map((schema): CatalogType => ({
    type: schema.name,
    topic,
    keyField: null,
    owner: "tests",
    subject: `things-${schema.name}`,
    avro: { type: "record", ...schema },
    schemaPath: "",
    piiFields: [],
  }));
  return {
    path: "catalog.yaml",
    topics: new Map([[topic.name, topic]]),
    types: new Map(types.map((type) => [type.type, type])),
  };
}

/** What came of a target: it, or its problems. */
export interface TargetResult {
  readonly target: TargetConfig | null;
  readonly problems: readonly ConfigProblem[];
}

/** Reads a target on the topic `things`; `lines` are the YAML of the target, without topics and startAt. */
export async function readTarget(
  lines: readonly string[],
  schemas: readonly RecordSchema[],
  files: Readonly<Record<string, unknown>> = {},
): Promise<TargetResult> {
  const secrets = new Secrets();
  const problems = new ProblemList((text) => secrets.maskText(text));
  const text = [
    "targets:",
    "  crm:",
    "    topics: [things]",
    "    startAt: latest",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
  const source = {
    env: {},
    files: memoryFiles(files),
    secrets,
    isOffline: false,
    isUsed: () => true,
  };
  const root = await parseYaml({ file: "millrace.yaml", text }, source, problems);
  if (root === null) throw problems.toError();
  const targets = await readTargets([{ file: "millrace.yaml", root }], {
    catalog: catalogOf(schemas),
    files: source.files,
    problems,
  });
  return { target: targets.get("crm") ?? null, problems: problems.toArray() };
}

/** As {@link readTarget}, of a target that holds. */
export async function targetOf(
  lines: readonly string[],
  schemas: readonly RecordSchema[],
  files: Readonly<Record<string, unknown>> = {},
): Promise<TargetConfig> {
  const { target, problems } = await readTarget(lines, schemas, files);
  if (target === null || problems.length > 0) throw new Error(JSON.stringify(problems));
  return target;
}

/** The body that a target sends for a value of a field `x` of an Avro type; `body` is the body's YAML. */
export async function bodyFor(avro: unknown, value: unknown, body: string): Promise<string | null> {
  const schema = { name: "test.Thing", fields: [{ name: "x", type: avro }] };
  const target = await targetOf([`request: { url: "http://t", body: ${body} }`], [schema]);
  return target.mapping.map(eventOf(schema, { x: value })).body;
}

/** An event whose data went through Avro's bytes, as it does through Kafka. */
export function eventOf(
  schema: RecordSchema,
  data: unknown,
  of: Partial<DecodedEvent> = {},
): DecodedEvent {
  return decodedEvent(schema.name, throughAvro({ type: "record", ...schema }, data), of);
}

/** An event of a catalog's type, with some data: no text in it is empty. */
export function anyEventOf({ type, avro }: CatalogType): DecodedEvent {
  return decodedEvent(type, throughAvro(avro, anyData(parseSchema(avro))), {});
}

function throughAvro(avro: unknown, data: unknown): unknown {
  const { type } = compileSchema(avro);
  return data === null ? null : type.fromBuffer(type.toBuffer(data));
}

function decodedEvent(type: string, data: unknown, of: Partial<DecodedEvent>): DecodedEvent {
  return {
    id: "e-1",
    source: "/tests",
    type,
    time: "2026-11-25T10:00:00.123456Z",
    subject: null,
    tenant: "default",
    partitionKey: null,
    traceparent: null,
    tracestate: null,
    extensions: {},
    key: new TextEncoder().encode("k-1"),
    headers: { ce_id: "e-1" },
    data,
    schema: null,
    ...of,
  };
}

function anyData(node: SchemaNode): unknown {
  switch (node.kind) {
    case "record":
      return Object.fromEntries(node.fields.map(({ name, type }) => [name, anyData(type)]));
    case "array":
      return [anyData(node.items)];
    case "map":
      return { key: anyData(node.values) };
    case "union":
      return node.branches[0] === undefined ? null : anyData(node.branches[0]);
    case "enum":
      return node.symbols[0];
    case "null":
      return null;
    case "boolean":
      return true;
    case "string":
      return "text";
    case "bytes":
    case "fixed":
      return node.logical?.name === "decimal" ? "1.00" : Buffer.alloc(4);
    default:
      return 1;
  }
}
