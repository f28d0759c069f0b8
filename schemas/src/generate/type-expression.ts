import {
  branchName,
  type FixedNode,
  type LogicalType,
  type PrimitiveKind,
  type PrimitiveNode,
  type SchemaNode,
  type UnionNode,
} from "../avro/schema-node.ts";
import type { Form, TypeNames } from "./type-names.ts";

/** Where an expression stands. */
export interface ExpressionPlace {
  readonly names: TypeNames;
  readonly form: Form;
  /** Full name of the type in whose file it stands. */
  readonly from: string;
}

/**
 * The TypeScript type of an Avro type. What is read can always be written; writing takes more forms of a time, and fewer
 * than the codec would: JSON's ways to say bytes and large integers are not for programs.
 */
export function typeExpression(node: SchemaNode, place: ExpressionPlace): string {
  switch (node.kind) {
    case "record":
    case "enum":
      return place.names.reference(node.name, place.form, place.from);
    case "array": {
      const items = typeExpression(node.items, place);
      return `readonly ${/ \| |^readonly /.test(items) ? `(${items})` : items}[]`;
    }
    case "map":
      return `Readonly<Record<string, ${typeExpression(node.values, place)}>>`;
    case "union":
      return unionExpression(node, place);
    case "null":
    case "boolean":
    case "int":
    case "long":
    case "float":
    case "double":
    case "bytes":
    case "string":
    case "fixed":
      return scalarExpression(node, place.form);
  }
}

function unionExpression({ branches, isWrapped }: UnionNode, place: ExpressionPlace): string {
  const values = branches.filter(({ kind }) => kind !== "null");
  const alternatives = values.map((branch) => {
    const expression = typeExpression(branch, place);
    if (!isWrapped) return expression;
    return `{ readonly ${propertyName(branchName(branch))}: ${expression} }`;
  });
  if (values.length < branches.length) alternatives.push("null");
  return alternatives.join(" | ");
}

/** A property's name, quoted where it is no identifier. */
export function propertyName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

function scalarExpression(node: PrimitiveNode | FixedNode, form: Form): string {
  if (node.logical !== null) return LOGICAL[form][node.logical.name];
  return node.kind === "fixed" ? PLAIN.bytes : PLAIN[node.kind];
}

const PLAIN: Readonly<Record<PrimitiveKind, string>> = {
  null: "null",
  boolean: "boolean",
  int: "number",
  long: "number | bigint",
  float: "number",
  double: "number",
  bytes: "Uint8Array",
  string: "string",
};

const LOGICAL: Readonly<Record<Form, Readonly<Record<LogicalType["name"], string>>>> = {
  read: {
    decimal: "string",
    uuid: "string",
    date: "number",
    "timestamp-millis": PLAIN.long,
    "timestamp-micros": PLAIN.long,
  },
  write: {
    // No number: binary fractions are no money.
    decimal: "string",
    uuid: "string",
    date: "string | number",
    "timestamp-millis": `Date | string | ${PLAIN.long}`,
    "timestamp-micros": `Date | string | ${PLAIN.long}`,
  },
};
