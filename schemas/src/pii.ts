import type { RecordNode, SchemaNode } from "./avro/schema-node.ts";

/** What a `pii` annotation may ask for where people look at events. */
export const PII_HANDLINGS = ["mask", "drop", "encrypt"] as const;

/** A schema can name its records in so many ways that their paths have no end in practice. */
const PLACES_MAX = 10_000;

/**
 * The places of the fields that are annotated `pii`, in schema order: `address.street`, `lines[].note`, `tags{}`. A record
 * inside itself is not followed further.
 * Throws when an annotation asks for something unknown, or a schema has more places than anybody could look at.
 */
export function piiPaths(record: RecordNode): readonly string[] {
  const paths: string[] = [];
  const inside = new Set<RecordNode>();
  let places = 0;
  const visit = (node: SchemaNode, path: string): void => {
    if (node.kind === "array") visit(node.items, `${path}[]`);
    if (node.kind === "map") visit(node.values, `${path}{}`);
    if (node.kind === "union") for (const branch of node.branches) visit(branch, path);
    if (node.kind !== "record" || inside.has(node)) return;
    inside.add(node);
    for (const field of node.fields) {
      places += 1;
      if (places > PLACES_MAX) throw new Error(`${record.name} has more than ${PLACES_MAX} fields`);
      const at = path === "" ? field.name : `${path}.${field.name}`;
      if (field.pii !== null) paths.push(at);
      if (field.pii !== null && !PII_HANDLINGS.some((handling) => handling === field.pii)) {
        throw new Error(`the pii of ${at} must be one of ${PII_HANDLINGS.join(" | ")}`);
      }
      visit(field.type, at);
    }
    inside.delete(node);
  };
  visit(record, "");
  return paths;
}
