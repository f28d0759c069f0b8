/**
 * avsc types with the three changes that make them safe for any schema: longs beyond 2^53 are BigInt, maps have no
 * prototype (a key `__proto__` is a key), and decimals are strings. A union's values are bare unless its branches look
 * alike in memory; the same rule, `isWrappedUnion`, holds for coercion and generated types.
 */
import avsc from "avsc";
import { SchemaError, reasonOf } from "../schema-error.ts";
import { DecimalType } from "./decimal-type.ts";
import { LONG_TYPE } from "./long-type.ts";
import { NullPrototypeMapType } from "./map-type.ts";
import { isWrappedUnion, parseSchema, type SchemaNode } from "./schema-node.ts";

/** A schema ready for use: avsc's type, and the tree it was checked as. */
export interface AvroSchema {
  readonly type: avsc.Type;
  readonly node: SchemaNode;
}

/**
 * Compiles a schema. Costs up to a millisecond; compile once and keep.
 * @throws SchemaError `SCHEMA_INVALID`.
 */
export function compileSchema(avro: unknown): AvroSchema {
  const node = parseSchema(avro);
  try {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- parseSchema has just checked it
    const schema = structuredClone(avro) as avsc.Schema;
    return { node, type: avsc.Type.forSchema(schema, options()) };
  } catch (error) {
    throw new SchemaError("SCHEMA_INVALID", `avro schema: ${reasonOf(error)}`, { cause: error });
  }
}

type Options = Partial<avsc.ForSchemaOptions>;

function options(): Options {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a dictionary without inherited names
  const registry = Object.create(null) as Record<string, avsc.Type>;
  return {
    registry,
    omitRecordMethods: true,
    logicalTypes: { decimal: DecimalType },
    typeHook,
  };
}

function typeHook(schema: avsc.Schema, opts: Options): avsc.Type | undefined {
  if (schema === "long") return LONG_TYPE;
  if (Array.isArray(schema)) return unionType(schema, opts);
  if (typeof schema !== "object" || !("type" in schema)) return undefined;
  // An object form such as {"type": "long", "logicalType": "timestamp-millis"} would pass by the registry.
  if (schema.type === "long") return LONG_TYPE;
  return schema.type === "map" ? new NullPrototypeMapType(schema, opts) : undefined;
}

function unionType(branches: readonly avsc.Schema[], opts: Options): avsc.Type {
  const types = branches.map((branch) => avsc.Type.forSchema(branch, opts));
  const isWrapped = isWrappedUnion(types.map(({ typeName }) => typeName.replace(/^.*:/, "")));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- avsc takes types as branches
  const schema = types as unknown as avsc.Schema;
  return isWrapped
    ? new avsc.types.WrappedUnionType(schema, opts)
    : new avsc.types.UnwrappedUnionType(schema, opts);
}
