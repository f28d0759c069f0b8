/**
 * Decoded data as people and JSON may have it: longs beyond 2^53 as text, bytes in base64, timestamps RFC 3339, and
 * fields annotated `pii` masked (the contract: masked fields appear nowhere unless asked for).
 */
import { branchName, type FieldNode, type PrimitiveNode, type SchemaNode } from "@millrace/schemas";

/** Whether personal data is shown. */
export type Privacy = "masked" | "unmasked";

/** What stands for a masked value. */
export const MASK = "***";

/** Data in a form that JSON.stringify takes, by its schema. Field order is the schema's. */
export function viewOf(data: unknown, node: SchemaNode, privacy: Privacy): unknown {
  if (data === null || data === undefined) return null;
  switch (node.kind) {
    case "record":
      return recordView(data, node.fields, privacy);
    case "array":
      return Array.isArray(data) ? data.map((item) => viewOf(item, node.items, privacy)) : null;
    case "map":
      return Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, viewOf(value, node.values, privacy)]),
      );
    case "union":
      return node.isWrapped
        ? wrappedView(data, node.branches, privacy)
        : viewOf(data, branchOf(data, node.branches), privacy);
    case "enum":
    case "fixed":
      return scalarView(data);
    default:
      return primitiveView(data, node);
  }
}

function recordView(data: object, fields: readonly FieldNode[], privacy: Privacy): object {
  const entries: (readonly [string, unknown])[] = [];
  for (const { name, type, pii } of fields) {
    const value: unknown = Reflect.get(data, name);
    if (pii === null || privacy === "unmasked") entries.push([name, viewOf(value, type, privacy)]);
    else if (pii !== "drop") entries.push([name, value === null ? null : MASK]);
  }
  return Object.fromEntries(entries);
}

/** `{branch: value}`. */
function wrappedView(data: object, branches: readonly SchemaNode[], privacy: Privacy): object {
  const entries = Object.entries(data).map(([name, value]) => {
    const branch = branches.find((node) => branchName(node) === name);
    return [name, branch === undefined ? MASK : viewOf(value, branch, privacy)] as const;
  });
  return Object.fromEntries<unknown>(entries);
}

/** Branches of a union that is not wrapped have values of different kinds. */
function branchOf(data: unknown, branches: readonly SchemaNode[]): SchemaNode {
  const kinds = KINDS_BY_VALUE[kindOfValue(data)] ?? [];
  const found = branches.find(({ kind }) => kinds.includes(kind));
  return found ?? { kind: "string", logical: null };
}

const KINDS_BY_VALUE: Readonly<Record<string, readonly string[]>> = {
  number: ["int", "long", "float", "double"],
  bytes: ["bytes", "fixed"],
  text: ["string", "enum", "bytes", "fixed"],
  boolean: ["boolean"],
  list: ["array"],
  object: ["record", "map"],
};

function kindOfValue(data: unknown): string {
  if (typeof data === "number" || typeof data === "bigint") return "number";
  if (typeof data === "string") return "text";
  if (typeof data === "boolean") return "boolean";
  if (data instanceof Uint8Array) return "bytes";
  return Array.isArray(data) ? "list" : "object";
}

function primitiveView(data: unknown, { logical }: PrimitiveNode): unknown {
  if (typeof data === "number" || typeof data === "bigint") {
    switch (logical?.name) {
      case "timestamp-millis":
        return timeView(BigInt(data) * 1_000n) ?? scalarView(data);
      case "timestamp-micros":
        return timeView(BigInt(data)) ?? scalarView(data);
      case "date":
        return timeView(BigInt(data) * 86_400_000_000n)?.slice(0, 10) ?? scalarView(data);
      default:
        return scalarView(data);
    }
  }
  return scalarView(data);
}

function scalarView(data: unknown): unknown {
  if (data instanceof Uint8Array) return Buffer.from(data).toString("base64");
  if (typeof data === "bigint") return data.toString();
  if (typeof data === "number" && !Number.isFinite(data)) return String(data);
  return data;
}

/** RFC 3339 with as many digits as there are; null beyond the years that have such a form. */
function timeView(epochMicros: bigint): string | null {
  const micros = ((epochMicros % 1_000n) + 1_000n) % 1_000n;
  const epochMs = Number((epochMicros - micros) / 1_000n);
  if (Math.abs(epochMs) > 8.64e15) return null;
  const text = new Date(epochMs).toISOString();
  return micros === 0n ? text : text.replace("Z", `${String(micros).padStart(3, "0")}Z`);
}
