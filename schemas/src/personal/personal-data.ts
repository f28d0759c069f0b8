/**
 * Personal data replaced by stand-ins of its type, by the schema's `pii` annotations. What a mapping makes of an event alike
 * under two different stand-ins does not depend on it and may be shown; everything else is masked.
 */
import {
  branchName,
  type FixedNode,
  type SchemaNode,
  type UnionNode,
} from "../avro/schema-node.ts";

/** Which of the two stand-ins. */
export type StandIn = 0 | 1;

/** Text that stands for personal text. */
export const STAND_IN_TEXTS = ["***", "###"] as const;

/**
 * The data with what is personal replaced. Null stays null, and an empty list or map empty: whether there is a value may be
 * seen, as everywhere.
 */
export function withoutPersonalData(data: unknown, node: SchemaNode, which: StandIn): unknown {
  if (data === null || data === undefined) return data;
  switch (node.kind) {
    case "record":
      return Object.fromEntries(
        node.fields.map(({ name, type, pii }) => {
          const value: unknown = Reflect.get(Object(data), name);
          const replace = pii === null ? withoutPersonalData : standIn;
          return [name, replace(value, type, which)];
        }),
      );
    case "array":
      return Array.isArray(data)
        ? data.map((item) => withoutPersonalData(item, node.items, which))
        : data;
    case "map":
      return Object.fromEntries<unknown>(
        Object.entries(data).map(([key, value]) => [
          key,
          withoutPersonalData(value, node.values, which),
        ]),
      );
    case "union":
      return inUnion(data, node, which);
    default:
      return data;
  }
}

function inUnion(data: object, { branches, isWrapped }: UnionNode, which: StandIn): unknown {
  if (!isWrapped) {
    const branch = branches.find(({ kind }) => kindsOf(data).includes(kind));
    return branch === undefined ? data : withoutPersonalData(data, branch, which);
  }
  const entries = Object.entries(data).map(([name, value]): [string, unknown] => {
    const branch = branches.find((one) => branchName(one) === name);
    return [name, branch === undefined ? null : withoutPersonalData(value, branch, which)];
  });
  return Object.fromEntries(entries);
}

/** Branches of a union that is not wrapped have values of different kinds; only these hold others. */
function kindsOf(data: unknown): readonly SchemaNode["kind"][] {
  if (typeof data !== "object" || data instanceof Uint8Array) return [];
  return Array.isArray(data) ? ["array"] : ["record", "map"];
}

/** A value of the type that tells nothing of the one it stands for but that there is one. */
function standIn(data: unknown, node: SchemaNode, which: StandIn): unknown {
  if (data === null || data === undefined) return data;
  switch (node.kind) {
    case "record":
      return Object.fromEntries(
        node.fields.map(({ name, type }) => [
          name,
          standIn(Reflect.get(Object(data), name), type, which),
        ]),
      );
    case "array":
      return Array.isArray(data) && which === 1
        ? data.slice(0, 1).map((item) => standIn(item, node.items, which))
        : [];
    case "map": {
      const values = which === 1 ? Object.values(data).slice(0, 1) : [];
      return Object.fromEntries<unknown>(
        values.map((value) => [STAND_IN_TEXTS[1], standIn(value, node.values, which)]),
      );
    }
    case "union": {
      const branch = node.branches.find(({ kind }) => kind !== "null");
      if (branch === undefined) return null;
      const value = standIn(node.isWrapped ? Object.values(data)[0] : data, branch, which);
      return node.isWrapped ? { [branchName(branch)]: value } : value;
    }
    case "enum":
      return node.symbols[which % node.symbols.length];
    case "fixed":
      return fixedStandIn(node, which);
    default:
      return primitiveStandIn(node, which);
  }
}

function fixedStandIn({ size, logical }: FixedNode, which: StandIn): unknown {
  return logical?.name === "decimal" ? String(which) : Buffer.alloc(size, which);
}

function primitiveStandIn(
  { kind, logical }: Extract<SchemaNode, { readonly logical: unknown }>,
  which: StandIn,
): unknown {
  switch (kind) {
    case "null":
      return null;
    case "boolean":
      return which === 1;
    case "string":
      return STAND_IN_TEXTS[which];
    case "bytes":
    case "fixed":
      return logical?.name === "decimal" ? String(which) : Buffer.from(STAND_IN_TEXTS[which]);
    case "int":
    case "long":
    case "float":
    case "double":
      return which;
  }
}
