import type { ASTNode } from "@marcbachmann/cel-js";
import { suggest } from "../suggestion.ts";
import { withoutNull, type AvroNode } from "./avro-node.ts";
import { EVENT_FIELDS } from "./bound-event.ts";
import { DROPPED_KEYS } from "./guards.ts";
import { childrenOf, eventAttribute, everyNode, literalText } from "./syntax.ts";

/** Something an expression must not say, or cannot mean. */
export interface ExpressionProblem {
  readonly message: string;
  readonly hint?: string;
}

/** What the library offers, but a mapping must not use. */
export function forbidden(root: ASTNode): readonly ExpressionProblem[] {
  return [...everyNode(root)].flatMap((node) => {
    if (node.op === "id" && node.args === "response") {
      return [{ message: "response stands only where there is an answer" }];
    }
    if (node.op === "map") {
      const keys = node.args.map(([key]) => literalText(key));
      return keys
        .filter((key) => key !== null && DROPPED_KEYS.has(key))
        .map((key) => ({ message: `"${key}" cannot be a key of a CEL map` }));
    }
    if (node.op !== "rcall") return [];
    const [method, , [first]] = node.args;
    if (MACROS.has(method) && first?.op === "id" && first.args === "event") {
      return [{ message: "event cannot be the name of a variable" }];
    }
    return forbiddenMethod(method, node.args[2].length);
  });
}

const MACROS = new Set(["map", "filter", "exists", "exists_one", "all", "bind"]);

function forbiddenMethod(name: string, argumentCount: number): readonly ExpressionProblem[] {
  if (name === "matches") {
    return [
      {
        message: "matches() is not available: a regular expression can stall on one long value",
        hint: "use startsWith, endsWith, contains, == or in",
      },
    ];
  }
  const isZoned = /^get[A-Z]/.test(name) && argumentCount > 0;
  if (name !== "getDayOfYear" && !isZoned) return [];
  return [
    {
      message: `${name}() with a time zone or day of year depends on the machine it runs on`,
      hint: "use the UTC forms, such as getHours()",
    },
  ];
}

/** A field that a schema does not have. */
export interface UnknownField extends ExpressionProblem {
  /** `soft` where its absence is expected: after `.?` and inside `has()`. */
  readonly kind: "hard" | "soft";
  /** Its name. */
  readonly field: string;
}

/** The fields of `event` and, by the schema, of `event.data` that an expression names and that do not exist. */
export function unknownFields(root: ASTNode, data: AvroNode | null): readonly UnknownField[] {
  const found: UnknownField[] = [];
  const typeOf = (node: ASTNode, isExpected: boolean): AvroNode | null => {
    if (node.op !== "." && node.op !== ".?") return indexed(node, data, typeOf);
    const [left, name] = node.args;
    if (left.op === "id" && left.args === "event") {
      if (!EVENT_FIELDS.some((field) => field === name)) {
        found.push(unknown("event", node, { name, fields: EVENT_FIELDS, kind: "hard" }));
      }
      return name === "data" ? data : null;
    }
    const type = typeOf(left, false);
    const record = type && withoutNull(type);
    if (record?.kind === "map") return record.values;
    if (record?.kind !== "record") return null;
    const field = record.fields.find((candidate) => candidate.name === name);
    if (field !== undefined) return field.type;
    const kind = node.op === ".?" || isExpected ? "soft" : "hard";
    found.push(
      unknown(record.name, node, { name, fields: record.fields.map((f) => f.name), kind }),
    );
    return null;
  };
  visitChains(root, false, typeOf);
  return found;
}

type TypeOf = (node: ASTNode, isExpected: boolean) => AvroNode | null;

/** Looks at each chain of accesses once, from its outermost access. */
function visitChains(node: ASTNode, isExpected: boolean, typeOf: TypeOf): void {
  let inner = node;
  if (isAccess(node)) {
    typeOf(node, isExpected);
    while (isAccess(inner)) {
      if (inner.op === "[]" || inner.op === "[?]") visitChains(inner.args[1], false, typeOf);
      inner = inner.args[0];
    }
  }
  const isPresence = inner.op === "call" && inner.args[0] === "has";
  for (const child of childrenOf(inner)) visitChains(child, isPresence, typeOf);
}

type Access = Extract<ASTNode, { op: "." | ".?" | "[]" | "[?]" }>;

function isAccess(node: ASTNode): node is Access {
  return node.op === "." || node.op === ".?" || node.op === "[]" || node.op === "[?]";
}

function indexed(node: ASTNode, data: AvroNode | null, typeOf: TypeOf): AvroNode | null {
  if (data === null || (node.op !== "[]" && node.op !== "[?]")) return null;
  const type = typeOf(node.args[0], false);
  const collection = type && withoutNull(type);
  if (collection?.kind === "array") return collection.items;
  return collection?.kind === "map" ? collection.values : null;
}

/** @param access ends with the field's name. */
function unknown(
  owner: string,
  access: ASTNode,
  of: { readonly name: string; readonly fields: readonly string[] } & Pick<UnknownField, "kind">,
): UnknownField {
  const { name: field, fields, kind } = of;
  const hint = suggest(field, fields);
  const at = access.range.end - field.length + 1;
  const message = `${owner} has no field ${field} at character ${at}`;
  return { kind, field, message, ...(hint === undefined ? {} : { hint }) };
}

/** Which part of an event an expression needs: the attributes of its envelope, or more. */
export function needsOf(root: ASTNode): "headers" | "data" {
  const attributes = new Set(["type", "id", "source", "subject", "time"]);
  const isHeaders = (node: ASTNode): boolean => {
    const attribute = eventAttribute(node);
    if (attribute !== null) return attributes.has(attribute);
    if (node.op === "id" && node.args === "event") return false;
    return childrenOf(node).every(isHeaders);
  };
  return isHeaders(root) ? "headers" : "data";
}
