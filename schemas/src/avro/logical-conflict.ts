import { branchName, type RecordNode, type SchemaNode } from "./schema-node.ts";

/**
 * Where a reader schema gives the same bytes another meaning than the writer's: milliseconds read as microseconds, a
 * decimal of another scale. Avro's own rules look at underlying types only and let it pass. Null when there is no such
 * place; else a sentence that names it.
 */
export function logicalConflict(reader: SchemaNode, writer: SchemaNode): string | null {
  return conflictAt({ reader, writer, path: "" }, new Set());
}

interface Pair {
  readonly reader: SchemaNode;
  readonly writer: SchemaNode;
  readonly path: string;
}

function conflictAt({ reader, writer, path }: Pair, seen: Set<RecordNode>): string | null {
  const next = (of: Pair): string | null => conflictAt(of, seen);
  if (reader.kind === "union" || writer.kind === "union") {
    return first(unionPairs({ reader, writer, path }), next);
  }
  if (reader.kind === "record" && writer.kind === "record") {
    if (seen.has(reader)) return null;
    seen.add(reader);
    return first(fieldPairs({ reader, writer }, path), next);
  }
  if (reader.kind === "array" && writer.kind === "array") {
    return next({ reader: reader.items, writer: writer.items, path: `${path}[]` });
  }
  if (reader.kind === "map" && writer.kind === "map") {
    return next({ reader: reader.values, writer: writer.values, path: `${path}{}` });
  }
  const [to, from] = [meaning(reader), meaning(writer)];
  return to === from ? null : `${path === "" ? "the value" : path} was ${from} and is ${to}`;
}

function first(pairs: readonly Pair[], check: (pair: Pair) => string | null): string | null {
  for (const pair of pairs) {
    const conflict = check(pair);
    if (conflict !== null) return conflict;
  }
  return null;
}

function fieldPairs(of: { reader: RecordNode; writer: RecordNode }, path: string): Pair[] {
  return of.reader.fields.flatMap((field) => {
    const writer = of.writer.fields.find(({ name }) => name === field.name);
    const at = path === "" ? field.name : `${path}.${field.name}`;
    return writer === undefined ? [] : [{ reader: field.type, writer: writer.type, path: at }];
  });
}

/** Branches that meet by name; a type that became optional (or no longer is) meets its branch. */
function unionPairs({ reader, writer, path }: Pair): Pair[] {
  const readers = reader.kind === "union" ? reader.branches : [reader];
  const writers = writer.kind === "union" ? writer.branches : [writer];
  return readers.flatMap((branch) => {
    const other = writers.find((candidate) => branchName(candidate) === branchName(branch));
    return other === undefined ? [] : [{ reader: branch, writer: other, path }];
  });
}

function meaning(node: SchemaNode): string {
  const logical = "logical" in node ? node.logical : null;
  // A UUID is a string with a promise about its form: it reads the same either way.
  if (logical === null || logical.name === "uuid") return "plain";
  if (logical.name !== "decimal") return logical.name;
  return `decimal with scale ${logical.scale}`;
}
