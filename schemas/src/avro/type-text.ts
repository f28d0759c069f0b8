import { withoutNull, type SchemaNode } from "./schema-node.ts";

/** A type in few words for people: `string?`, `decimal(18,2)`, `orders.OrderLine[]`, `int | string`. */
export function typeText(node: SchemaNode): string {
  if ("logical" in node && node.logical !== null) {
    const { logical } = node;
    if (logical.name !== "decimal") return logical.name;
    return `decimal(${logical.precision},${logical.scale})`;
  }
  switch (node.kind) {
    case "array":
      return `${typeText(node.items)}[]`;
    case "map":
      return `map of ${typeText(node.values)}`;
    case "union": {
      const only = withoutNull(node);
      return only === node ? node.branches.map(typeText).join(" | ") : `${typeText(only)}?`;
    }
    case "fixed":
      return `${node.name} (${node.size} bytes)`;
    case "record":
    case "enum":
      return node.name;
    case "null":
    case "boolean":
    case "int":
    case "long":
    case "float":
    case "double":
    case "bytes":
    case "string":
      return node.kind;
  }
}
