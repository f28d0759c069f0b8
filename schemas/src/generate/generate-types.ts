import {
  parseSchema,
  type EnumNode,
  type RecordNode,
  type SchemaNode,
} from "../avro/schema-node.ts";
import type { Catalog, CatalogType } from "../catalog.ts";
import { SchemaError } from "../schema-error.ts";
import { declarationOf } from "./declaration.ts";
import { propertyName } from "./type-expression.ts";
import { fileOf, TypeNames } from "./type-names.ts";

const HEADER = "// Generated from the event catalog; do not edit.\n";

/** The file that holds `EventMap`; the others are named by namespace. */
export const EVENT_MAP_FILE = "event-map.ts";

/**
 * The TypeScript types of a catalog: file names (no folders) with their text. One file a namespace, where `X` is a record
 * as it is read and `XInput` as it is written, and `event-map.ts` with `EventMap` and every namespace under its name.
 * The same catalog gives the same text.
 * @throws SchemaError `SCHEMA_INVALID` when two schemas give one name different meanings.
 */
export function generateTypes(catalog: Catalog): ReadonlyMap<string, string> {
  const types = [...catalog.types.values()];
  const declared = namedTypes(types);
  const names = new TypeNames();
  for (const [name, { node }] of declared) names.add(name, node.kind === "enum" ? "one" : "two");
  const byFile = Map.groupBy(declared, ([name]) => fileOf(name));
  const files = new Map<string, string>();
  for (const file of [...byFile.keys()].sort()) {
    const nodes = (byFile.get(file) ?? []).map(([, { node }]) => node);
    files.set(`${file}.ts`, namespaceFile(file, { nodes, names }));
  }
  files.set(EVENT_MAP_FILE, eventMapFile(types, { files: [...byFile.keys()].sort(), names }));
  return files;
}

interface Declared {
  readonly node: RecordNode | EnumNode;
  /** The event type whose schema defines it. */
  readonly by: string;
}

/** Records and enums of all events by full name, each event's own first, then those inside it. */
function namedTypes(types: readonly CatalogType[]): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const { type, avro } of types) {
    for (const node of namedIn(parseSchema(avro))) {
      const known = declared.get(node.name);
      if (known === undefined) declared.set(node.name, { node, by: type });
      else if (meaningOf(known.node) !== meaningOf(node)) {
        const message = `${node.name} is not the same in ${known.by} and in ${type}: give one of them another name`;
        throw new SchemaError("SCHEMA_INVALID", message);
      }
    }
  }
  return declared;
}

function namedIn(root: SchemaNode): ReadonlySet<RecordNode | EnumNode> {
  const found = new Set<RecordNode | EnumNode>();
  const visit = (node: SchemaNode): void => {
    if (node.kind === "array") visit(node.items);
    if (node.kind === "map") visit(node.values);
    if (node.kind === "union") node.branches.forEach(visit);
    if (node.kind === "enum") found.add(node);
    if (node.kind !== "record" || found.has(node)) return;
    found.add(node);
    for (const field of node.fields) visit(field.type);
  };
  visit(root);
  return found;
}

/** A named type's own text, in which the types it holds are names only. */
function meaningOf(node: RecordNode | EnumNode): string {
  const names = new TypeNames();
  for (const { name, kind } of namedIn(node)) names.add(name, kind === "enum" ? "one" : "two");
  return declarationOf(node, names);
}

function namespaceFile(
  file: string,
  of: { readonly nodes: readonly (RecordNode | EnumNode)[]; readonly names: TypeNames },
): string {
  const { nodes, names } = of;
  const used = nodes.flatMap((node) => [...namedIn(node)].map(({ name }) => fileOf(name)));
  const others = [...new Set(used)].filter((other) => other !== file).sort();
  const imports = importsOf(others, names);
  return [HEADER, imports, ...nodes.map((node) => declarationOf(node, names))]
    .filter((part) => part !== "")
    .join("\n");
}

function eventMapFile(
  types: readonly CatalogType[],
  of: { readonly files: readonly string[]; readonly names: TypeNames },
): string {
  const { files, names } = of;
  const modules = files.map((file) => names.moduleOf(file));
  const exported = `/** The types of each namespace. */\nexport type { ${modules.join(", ")} };\n`;
  const entries = types.map((type) => eventEntry(type, names));
  const map = `/** The event types of the catalog, for \`createEmitter<EventMap>\`. */\nexport type EventMap = {\n${entries.join("")}};\n`;
  return [HEADER, importsOf(files, names), exported, map].join("\n");
}

function eventEntry({ type, topic, subject, keyField }: CatalogType, names: TypeNames): string {
  // The map's own file is no namespace, so that every reference goes through its module.
  const reference = (form: "read" | "write"): string => names.reference(type, form, EVENT_MAP_FILE);
  return [
    `  ${propertyName(type)}: {`,
    `    readonly write: ${reference("write")};`,
    `    readonly read: ${reference("read")};`,
    `    readonly topic: ${JSON.stringify(topic.name)};`,
    `    readonly subject: ${JSON.stringify(subject)};`,
    `    readonly keyField: ${JSON.stringify(keyField)};`,
    "  };\n",
  ].join("\n");
}

function importsOf(files: readonly string[], names: TypeNames): string {
  return files
    .map((file) => `import type * as ${names.moduleOf(file)} from "./${file}.ts";\n`)
    .join("");
}
