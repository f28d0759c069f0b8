/**
 * An Avro schema as mappings see it: only what changes how a value looks to CEL. Names are resolved, so that recursive
 * schemas are cyclic.
 */
import { branchName, parseSchema, type RecordNode, type SchemaNode } from "@millrace/schemas";

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

/** A union; its values are bare, or `{branch name: value}` where `isWrapped`. */
export interface AvroUnion {
  readonly kind: "union";
  readonly branches: readonly AvroBranch[];
  readonly isWrapped: boolean;
}

/** Any type. */
export type AvroNode =
  | { readonly kind: "scalar"; readonly scalar: ScalarKind }
  | AvroRecord
  | { readonly kind: "array"; readonly items: AvroNode }
  | { readonly kind: "map"; readonly values: AvroNode }
  | AvroUnion;

/**
 * Reads a schema.
 * @throws SchemaError `SCHEMA_INVALID`; a catalog's and a decoded event's schemas have been checked before.
 */
export function readAvro(avro: unknown): AvroNode {
  return nodeOf(parseSchema(avro), new Map());
}

/** `["null", X]` gives X; anything else itself. */
export function withoutNull(node: AvroNode): AvroNode {
  if (node.kind !== "union") return node;
  const [first, ...others] = node.branches.filter(({ type }) => !isNull(type));
  return first !== undefined && others.length === 0 ? first.type : node;
}

function isNull(node: AvroNode): boolean {
  return node.kind === "scalar" && node.scalar === "null";
}

function nodeOf(node: SchemaNode, records: Map<RecordNode, AvroRecord>): AvroNode {
  switch (node.kind) {
    case "record":
      return records.get(node) ?? recordOf(node, records);
    case "array":
      return { kind: "array", items: nodeOf(node.items, records) };
    case "map":
      return { kind: "map", values: nodeOf(node.values, records) };
    case "union":
      return {
        kind: "union",
        isWrapped: node.isWrapped,
        branches: node.branches.map((branch) => ({
          name: branchName(branch),
          type: nodeOf(branch, records),
        })),
      };
    default:
      return { kind: "scalar", scalar: scalarOf(node) };
  }
}

function recordOf(node: RecordNode, records: Map<RecordNode, AvroRecord>): AvroRecord {
  const fields: AvroField[] = [];
  const record: AvroRecord = { kind: "record", name: node.name, fields };
  records.set(node, record);
  for (const { name, type } of node.fields) fields.push({ name, type: nodeOf(type, records) });
  return record;
}

type Scalar = Exclude<SchemaNode, { kind: "record" | "array" | "map" | "union" }>;

function scalarOf(node: Scalar): ScalarKind {
  if (node.kind === "enum") return "string";
  switch (node.logical?.name) {
    case "decimal":
      return "string";
    case "date":
    case "timestamp-millis":
    case "timestamp-micros":
      return node.logical.name;
    case "uuid":
    case undefined:
      return SCALARS[node.kind];
  }
}

const SCALARS = {
  null: "null",
  boolean: "boolean",
  int: "int",
  long: "int",
  float: "double",
  double: "double",
  string: "string",
  bytes: "bytes",
  fixed: "bytes",
} as const satisfies Record<Exclude<Scalar["kind"], "enum">, ScalarKind>;
