/**
 * An Avro schema as a checked, resolved tree: names are full, references point at the node they name (so recursive
 * schemas are cyclic), logical types are kept only where the specification lets them apply.
 *
 * Pre-scan, coercion, type generation and comparison all work from this tree; avsc's own types only read and write
 * bytes. Schemas may come from anybody who can write to the registry, so this is also where their size, depth and
 * names are bounded. Source: Avro 1.12 specification, https://avro.apache.org/docs/1.12.0/specification/.
 */
import { Buffer } from "node:buffer";
import { SchemaError } from "../schema-error.ts";
import { decimalFormat, type DecimalFormat } from "./decimal.ts";

/** Limits of a schema that is taken up at all; `depthMax` counts nested types. */
export const SCHEMA_LIMITS = { bytesMax: 65_536, depthMax: 64, jsonDepthMax: 256 } as const;

/** Avro's primitive types. */
export const PRIMITIVES = [
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
] as const;
/** One of Avro's primitive types. */
export type PrimitiveKind = (typeof PRIMITIVES)[number];

/** The logical types that change what values look like; any other is read as its underlying type. */
export type LogicalType =
  | ({ readonly name: "decimal" } & DecimalFormat)
  | { readonly name: "uuid" | "date" | "timestamp-millis" | "timestamp-micros" };

/** A primitive. */
export interface PrimitiveNode {
  readonly kind: PrimitiveKind;
  readonly logical: LogicalType | null;
}
/** A field of a record. */
export interface FieldNode {
  readonly name: string;
  readonly type: SchemaNode;
  /** Earlier names, under which a reader finds it in older data. */
  readonly aliases: readonly string[];
  readonly doc: string | null;
  /** How the field's value is shown where people look; null when it is no personal data. */
  readonly pii: string | null;
  readonly hasDefault: boolean;
  /** The default as the schema's JSON has it; undefined when there is none. */
  readonly defaultValue: unknown;
}
/** A record; `fields` in schema order. */
export interface RecordNode {
  readonly kind: "record";
  readonly name: string;
  /** Earlier full names. */
  readonly aliases: readonly string[];
  readonly doc: string | null;
  readonly fields: readonly FieldNode[];
}
/** An enum; `symbols` in schema order, never empty. */
export interface EnumNode {
  readonly kind: "enum";
  readonly name: string;
  /** Earlier full names. */
  readonly aliases: readonly string[];
  readonly doc: string | null;
  readonly symbols: readonly string[];
  readonly defaultSymbol: string | null;
}
/** A byte string of one length. */
export interface FixedNode {
  readonly kind: "fixed";
  readonly name: string;
  /** Earlier full names. */
  readonly aliases: readonly string[];
  readonly size: number;
  readonly logical: LogicalType | null;
}
/** An array. */
export interface ArrayNode {
  readonly kind: "array";
  readonly items: SchemaNode;
}
/** A map from strings. */
export interface MapNode {
  readonly kind: "map";
  readonly values: SchemaNode;
}
/** A union; values are bare, or `{branch name: value}` where `isWrapped`. */
export interface UnionNode {
  readonly kind: "union";
  readonly branches: readonly SchemaNode[];
  readonly isWrapped: boolean;
}
/** Any Avro type. */
export type SchemaNode =
  PrimitiveNode | RecordNode | EnumNode | FixedNode | ArrayNode | MapNode | UnionNode;

type NamedNode = RecordNode | EnumNode | FixedNode;
type Json = Readonly<Record<string, unknown>>;

/**
 * Reads and checks a schema.
 * @throws SchemaError `SCHEMA_INVALID`, naming the type or field that is wrong.
 */
export function parseSchema(avro: unknown): SchemaNode {
  requireBounded(avro);
  return nodeOf(avro, { names: new Map(), namespace: "", depth: 0 });
}

/** Whether values of a union's branches cannot be told apart bare, so that each is written as `{branch: value}`. */
export function isWrappedUnion(branchKinds: readonly string[]): boolean {
  const buckets = branchKinds.map((kind) => VALUE_BUCKET[kind] ?? kind);
  return new Set(buckets).size < buckets.length;
}

/** The name a branch has in a wrapped union: its full name, else its kind. */
export function branchName(node: SchemaNode): string {
  return "name" in node ? node.name : node.kind;
}

/** What an optional type holds: `["null", X]` gives X, anything else itself. */
export function withoutNull(node: SchemaNode): SchemaNode {
  if (node.kind !== "union") return node;
  const values = node.branches.filter((branch) => branch.kind !== "null");
  return values.length === 1 && values[0] !== undefined ? values[0] : node;
}

/** Whether null is a value of a type. */
export function isNullable(node: SchemaNode): boolean {
  return node.kind === "union" && node.branches.some(({ kind }) => kind === "null");
}

/** Kinds whose JavaScript values look alike. A decimal is a string in memory, whatever it is on the wire. */
const VALUE_BUCKET: Readonly<Record<string, string>> = {
  int: "number",
  long: "number",
  float: "number",
  double: "number",
  bytes: "buffer",
  fixed: "buffer",
  enum: "string",
  decimal: "string",
  record: "object",
  error: "object",
  map: "object",
};

interface Scope {
  readonly names: Map<string, NamedNode>;
  readonly namespace: string;
  readonly depth: number;
}

function invalid(message: string): SchemaError {
  return new SchemaError("SCHEMA_INVALID", `avro schema: ${message}`);
}

function requireBounded(avro: unknown): void {
  requireShallow(avro, 0);
  const text = JSON.stringify(avro) as string | undefined;
  if (text === undefined) throw invalid("it is no JSON");
  if (Buffer.byteLength(text) > SCHEMA_LIMITS.bytesMax) {
    throw invalid(`it is larger than ${SCHEMA_LIMITS.bytesMax} bytes`);
  }
  // avsc keeps names in plain objects and assigns fields by name: this one would reach prototypes.
  if (text.includes("__proto__")) throw invalid("the name __proto__ is not allowed");
}

function requireShallow(value: unknown, depth: number): void {
  if (depth > SCHEMA_LIMITS.jsonDepthMax) throw invalid("it is nested too deeply");
  if (typeof value !== "object" || value === null) return;
  for (const member of Object.values(value)) requireShallow(member, depth + 1);
}

function nodeOf(avro: unknown, outer: Scope): SchemaNode {
  if (outer.depth >= SCHEMA_LIMITS.depthMax) {
    throw invalid(`types are nested deeper than ${SCHEMA_LIMITS.depthMax}`);
  }
  const scope = { ...outer, depth: outer.depth + 1 };
  if (typeof avro === "string") return reference(avro, scope);
  if (Array.isArray(avro)) return unionOf(avro, scope);
  if (!isObject(avro)) throw invalid(`a type is a string, an object or a list (${typeName(avro)})`);
  return complexOf(avro, scope);
}

function complexOf(avro: Json, scope: Scope): SchemaNode {
  switch (avro["type"]) {
    case "record":
    case "error":
      return recordOf(avro, scope);
    case "enum":
      return enumOf(avro, scope);
    case "fixed":
      return fixedOf(avro, scope);
    case "array":
      return { kind: "array", items: nodeOf(avro["items"], scope) };
    case "map":
      return { kind: "map", values: nodeOf(avro["values"], scope) };
    default: {
      const kind = PRIMITIVES.find((name) => name === avro["type"]);
      if (kind !== undefined) return { kind, logical: logicalOf(kind, avro) };
      throw invalid(`unknown type ${JSON.stringify(avro["type"])}`);
    }
  }
}

function reference(name: string, scope: Scope): SchemaNode {
  const kind = PRIMITIVES.find((primitive) => primitive === name);
  if (kind !== undefined) return { kind, logical: null };
  const node = scope.names.get(qualify(name, scope.namespace));
  if (node === undefined) throw invalid(`unknown type ${JSON.stringify(name)}`);
  return node;
}

function unionOf(avro: readonly unknown[], scope: Scope): UnionNode {
  const branches = avro.map((branch) => nodeOf(branch, scope));
  if (branches.length === 0) throw invalid("a union has no branches");
  if (branches.some((branch) => branch.kind === "union")) throw invalid("a union in a union");
  const names = branches.map(branchName);
  if (new Set(names).size < names.length)
    throw invalid(`a union names a type twice (${names.join()})`);
  return { kind: "union", branches, isWrapped: isWrappedUnion(branches.map(valueKind)) };
}

function valueKind(node: SchemaNode): string {
  return "logical" in node && node.logical?.name === "decimal" ? "decimal" : node.kind;
}

function recordOf(avro: Json, outer: Scope): RecordNode {
  const { name, scope } = declare(avro, outer);
  const declared = avro["fields"];
  if (!Array.isArray(declared)) throw invalid(`${name} has no list of fields`);
  const fields: FieldNode[] = [];
  const aliases = aliasesOf(avro, scope);
  const node: RecordNode = { kind: "record", name, aliases, doc: textOf(avro["doc"]), fields };
  scope.names.set(name, node);
  for (const field of declared as readonly unknown[]) {
    const next = fieldOf(field, { record: name, scope });
    if (fields.some((other) => other.name === next.name)) {
      throw invalid(`${name} has the field ${next.name} twice`);
    }
    fields.push(next);
  }
  return node;
}

function fieldOf(
  field: unknown,
  of: { readonly record: string; readonly scope: Scope },
): FieldNode {
  if (!isObject(field)) throw invalid(`a field of ${of.record} is no object`);
  const name = field["name"];
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid(`${of.record} has a field without a valid name (${JSON.stringify(name)})`);
  }
  return {
    name,
    type: nodeOf(field["type"], of.scope),
    aliases: namesOf(field["aliases"]),
    doc: textOf(field["doc"]),
    pii: piiOf(field["pii"]),
    hasDefault: field["default"] !== undefined,
    defaultValue: field["default"],
  };
}

function enumOf(avro: Json, outer: Scope): EnumNode {
  const { name, scope } = declare(avro, outer);
  const symbols = avro["symbols"];
  if (!isNameList(symbols) || symbols.length === 0) throw invalid(`${name} has no valid symbols`);
  if (new Set(symbols).size < symbols.length) throw invalid(`${name} has a symbol twice`);
  const defaultSymbol = textOf(avro["default"]);
  if (defaultSymbol !== null && !symbols.includes(defaultSymbol)) {
    throw invalid(`the default of ${name} is not among its symbols`);
  }
  const [aliases, doc] = [aliasesOf(avro, scope), textOf(avro["doc"])];
  const node: EnumNode = { kind: "enum", name, aliases, doc, symbols, defaultSymbol };
  scope.names.set(name, node);
  return node;
}

function fixedOf(avro: Json, outer: Scope): FixedNode {
  const { name, scope } = declare(avro, outer);
  const size = avro["size"];
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${name} has no valid size`);
  }
  const [aliases, logical] = [aliasesOf(avro, scope), logicalOf("fixed", avro)];
  const node: FixedNode = { kind: "fixed", name, aliases, size, logical };
  scope.names.set(name, node);
  return node;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A new named type: its full name, and the scope of what stands inside it. */
function declare(avro: Json, outer: Scope): { readonly name: string; readonly scope: Scope } {
  const simple = avro["name"];
  if (typeof simple !== "string") throw invalid("a named type has no name");
  const { namespace: inherited = outer.namespace } = avro;
  if (typeof inherited !== "string") throw invalid(`the namespace of ${simple} is no string`);
  const name = qualify(simple, inherited);
  if (!name.split(".").every((part) => NAME.test(part))) {
    throw invalid(`${JSON.stringify(name)} is no valid name`);
  }
  if (PRIMITIVES.some((primitive) => primitive === name)) throw invalid(`${name} is a primitive`);
  if (outer.names.has(name)) throw invalid(`${name} is defined twice`);
  const end = name.lastIndexOf(".");
  return { name, scope: { ...outer, namespace: end < 0 ? "" : name.slice(0, end) } };
}

function qualify(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

/** The specification says: a logical type that does not fit its underlying type is ignored. */
function logicalOf(kind: PrimitiveKind | "fixed", avro: Json): LogicalType | null {
  const name = avro["logicalType"];
  if (name === "decimal" && (kind === "bytes" || kind === "fixed")) {
    const format = decimalFormat(kind === "fixed" ? avro : { ...avro, size: undefined });
    return format === null ? null : { name, ...format };
  }
  if (name === "uuid" && kind === "string") return { name };
  if (name === "date" && kind === "int") return { name };
  if ((name === "timestamp-millis" || name === "timestamp-micros") && kind === "long") {
    return { name };
  }
  return null;
}

function isNameList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && NAME.test(item));
}

function aliasesOf(avro: Json, scope: Scope): readonly string[] {
  return namesOf(avro["aliases"]).map((alias) => qualify(alias, scope.namespace));
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is no text is kept as its JSON: an annotation that says nothing valid must not read as none. */
function piiOf(value: unknown): string | null {
  return value === undefined ? null : (textOf(value) ?? JSON.stringify(value));
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
