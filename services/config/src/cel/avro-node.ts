/**
 * An Avro schema as mappings see it: names resolved, so that recursive schemas are cyclic, and only what changes how a
 * value looks to CEL. The catalog has checked the schema before.
 * Source: Avro 1.12 specification, https://avro.apache.org/docs/1.12.0/specification/.
 */

/** How a plain value is bound: what CEL makes of it, and from which form of decoded value. */
export type ScalarKind =
  | "null"
  | "boolean"
  | "int"
  | "double"
  | "string"
  | "bytes"
  | "date"
  | "timestamp-millis"
  | "timestamp-micros";

/** A field of a record. */
export interface AvroField {
  readonly name: string;
  readonly type: AvroNode;
}

/** A record; `fields` in schema order. */
export interface AvroRecord {
  readonly kind: "record";
  /** The full name. */
  readonly name: string;
  readonly fields: readonly AvroField[];
}

/** A branch of a union: its name in a wrapped value, and its type. */
export interface AvroBranch {
  readonly name: string;
  readonly type: AvroNode;
}

/** Any type. Values of a union are bare, or `{branch name: value}` where bare ones could not be told apart. */
export type AvroNode =
  | { readonly kind: "scalar"; readonly scalar: ScalarKind }
  | AvroRecord
  | { readonly kind: "array"; readonly items: AvroNode }
  | { readonly kind: "map"; readonly values: AvroNode }
  | { readonly kind: "union"; readonly branches: readonly AvroBranch[] };

type Json = Readonly<Record<string, unknown>>;

interface Scope {
  readonly names: Map<string, AvroNode>;
  readonly namespace: string;
}

/** Reads a schema that is known to be valid; what it cannot make sense of it throws on. */
export function readAvro(avro: unknown): AvroNode {
  return nodeOf(avro, { names: new Map(), namespace: "" });
}

/** `["null", X]` gives X; anything else itself. */
export function withoutNull(node: AvroNode): AvroNode {
  if (node.kind !== "union") return node;
  const rest = node.branches.filter(({ type }) => !isNull(type));
  return rest.length === 1 && rest[0] !== undefined ? rest[0].type : node;
}

/** Whether a type holds only null. */
export function isNull(node: AvroNode): boolean {
  return node.kind === "scalar" && node.scalar === "null";
}

const PRIMITIVES: ReadonlyMap<unknown, ScalarKind> = new Map([
  ["null", "null"],
  ["boolean", "boolean"],
  ["int", "int"],
  ["long", "int"],
  ["float", "double"],
  ["double", "double"],
  ["string", "string"],
  ["bytes", "bytes"],
]);

function nodeOf(avro: unknown, scope: Scope): AvroNode {
  if (typeof avro === "string") return named(avro, scope);
  if (Array.isArray(avro)) {
    const branches = avro.map((branch: unknown) => {
      const type = nodeOf(branch, scope);
      return { name: branchName(branch, scope), type };
    });
    return { kind: "union", branches };
  }
  if (!isObject(avro)) throw new TypeError("an Avro type is a string, a list or an object");
  switch (avro["type"]) {
    case "record":
    case "error":
      return recordOf(avro, scope);
    case "enum":
    case "fixed":
      return fixedOrEnum(avro, scope);
    case "array":
      return { kind: "array", items: nodeOf(avro["items"], scope) };
    case "map":
      return { kind: "map", values: nodeOf(avro["values"], scope) };
    default:
      return logicalOf(avro) ?? nodeOf(avro["type"], scope);
  }
}

function named(name: string, scope: Scope): AvroNode {
  const scalar = PRIMITIVES.get(name);
  if (scalar !== undefined) return { kind: "scalar", scalar };
  const node = scope.names.get(qualify(name, scope.namespace)) ?? scope.names.get(name);
  if (node === undefined) throw new TypeError(`unknown Avro type ${name}`);
  return node;
}

/** A logical type that does not fit its underlying type is ignored, as the specification says. */
function logicalOf({ type, logicalType }: Json): AvroNode | null {
  const scalar = (kind: ScalarKind): AvroNode => ({ kind: "scalar", scalar: kind });
  if (logicalType === "date" && type === "int") return scalar("date");
  if (logicalType === "decimal" && type === "bytes") return scalar("string");
  if (type !== "long") return null;
  if (logicalType === "timestamp-millis") return scalar("timestamp-millis");
  return logicalType === "timestamp-micros" ? scalar("timestamp-micros") : null;
}

function recordOf(avro: Json, outer: Scope): AvroRecord {
  const { name, namespace } = declare(avro, outer);
  const fields: AvroField[] = [];
  const node: AvroRecord = { kind: "record", name, fields };
  outer.names.set(name, node);
  const declared = Array.isArray(avro["fields"]) ? (avro["fields"] as readonly unknown[]) : [];
  for (const field of declared) {
    if (!isObject(field)) continue;
    const type = nodeOf(field["type"], { names: outer.names, namespace });
    fields.push({ name: String(field["name"]), type });
  }
  return node;
}

function fixedOrEnum(avro: Json, outer: Scope): AvroNode {
  const isText = avro["type"] === "enum" || avro["logicalType"] === "decimal";
  const node: AvroNode = { kind: "scalar", scalar: isText ? "string" : "bytes" };
  outer.names.set(declare(avro, outer).name, node);
  return node;
}

function branchName(branch: unknown, scope: Scope): string {
  if (typeof branch === "string") {
    return PRIMITIVES.has(branch) ? branch : qualify(branch, scope.namespace);
  }
  if (!isObject(branch)) return "";
  return typeof branch["name"] === "string" ? declare(branch, scope).name : String(branch["type"]);
}

function declare(avro: Json, outer: Scope): { readonly name: string; readonly namespace: string } {
  const simple = String(avro["name"]);
  const given = avro["namespace"];
  const name = qualify(simple, typeof given === "string" ? given : outer.namespace);
  const end = name.lastIndexOf(".");
  return { name, namespace: end < 0 ? "" : name.slice(0, end) };
}

function qualify(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
