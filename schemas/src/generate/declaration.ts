import { isNullable, type EnumNode, type FieldNode, type RecordNode } from "../avro/schema-node.ts";
import { typeExpression, type ExpressionPlace } from "./type-expression.ts";
import type { Form, TypeNames } from "./type-names.ts";

/** The declarations of a named type: an enum's union of literals, or the two forms of a record. */
export function declarationOf(node: RecordNode | EnumNode, names: TypeNames): string {
  if (node.kind === "enum") return enumDeclaration(node, names);
  return `${recordDeclaration(node, "read", names)}\n${recordDeclaration(node, "write", names)}`;
}

function enumDeclaration(node: EnumNode, names: TypeNames): string {
  const { read } = names.add(node.name, "one");
  const literals = node.symbols.map((symbol) => JSON.stringify(symbol));
  const oneLine = `export type ${read} = ${literals.join(" | ")};`;
  const form =
    oneLine.length <= 100 ? oneLine : `export type ${read} =\n  | ${literals.join("\n  | ")};`;
  return `${comment([node.doc], "")}${form}\n`;
}

function recordDeclaration(node: RecordNode, form: Form, names: TypeNames): string {
  const { read, write } = names.add(node.name, "two");
  const doc = form === "read" ? node.doc : `{@link ${read}} as it is written.`;
  const place = { names, form, from: node.name };
  const fields = node.fields.map((field) => fieldDeclaration(field, place));
  const name = form === "read" ? read : write;
  return `${comment([doc], "")}export interface ${name} {\n${fields.join("")}}\n`;
}

function fieldDeclaration(field: FieldNode, place: ExpressionPlace): string {
  const { name, type, doc, pii, hasDefault, defaultValue } = field;
  const isWritten = place.form === "write";
  const isOptional = isWritten && (hasDefault || isNullable(type));
  const sentences = [
    doc,
    pii === null ? null : `Personal data (${pii}).`,
    isOptional ? `Default: \`${JSON.stringify(defaultValue ?? null)}\`.` : null,
  ];
  const expression = typeExpression(type, place);
  const member = isOptional ? `${name}?: ${expression} | undefined` : `${name}: ${expression}`;
  return `${comment(sentences, "  ")}  readonly ${member};\n`;
}

/** A doc comment of what is known; nothing when nothing is. */
function comment(sentences: readonly (string | null)[], indent: string): string {
  const text = sentences
    .filter((sentence) => sentence !== null && sentence.trim() !== "")
    .join(" ")
    .replaceAll("*/", "*\\/");
  if (text === "") return "";
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => line.trim());
  if (lines.length === 1) return `${indent}/** ${lines[0] ?? ""} */\n`;
  const body = lines.map((line) => `${indent} * ${line}`.trimEnd());
  return `${indent}/**\n${body.join("\n")}\n${indent} */\n`;
}
