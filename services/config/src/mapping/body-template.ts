import { arrayJson, jsonText, objectJson } from "../cel/json-text.ts";
import type { BoundInput } from "../cel/event-model.ts";
import type { Path, ScalarNode, SourceNode } from "../source/source-node.ts";
import { textOrExpression, type TargetScope } from "./target-scope.ts";

/** A body's JSON text for an event; undefined where it is left out. */
export type BodyWriter = (input: BoundInput) => string | undefined;

/**
 * Compiles a body. Keys come in the order of the file, constant parts are written once. Problems are reported; a part
 * that has some is null.
 */
export function compileBody(node: SourceNode, path: Path, scope: TargetScope): BodyWriter {
  return writerOf(partOf(node, path, scope));
}

/** Text that is the same for every event, or what writes it. */
type Part = string | BodyWriter;

function partOf(node: SourceNode, path: Path, scope: TargetScope): Part {
  switch (node.kind) {
    case "scalar":
      return scalarPart(node, path, scope);
    case "list":
      return listPart(node.items.map((item, index) => partOf(item, [...path, index], scope)));
    case "map":
      return mapPart(
        node.entries.map(({ key, value }) => [key, partOf(value, [...path, key], scope)] as const),
      );
  }
}

function scalarPart(node: ScalarNode, path: Path, scope: TargetScope): Part {
  const content = textOrExpression(node);
  if (content.kind === "expression") {
    const place = { path, source: content.source, purpose: "json" } as const;
    return scope.expression(place, jsonText) ?? "null";
  }
  const { value } = content;
  if (typeof value === "number" && !Number.isFinite(value)) {
    scope.problem(path, "has no JSON form");
  }
  return JSON.stringify(value);
}

function listPart(parts: readonly Part[]): Part {
  const texts = parts.filter((part) => typeof part === "string");
  if (texts.length === parts.length) return arrayJson(texts);
  const writers = parts.map(writerOf);
  return (input) => arrayJson(writers.map((write) => write(input)));
}

function mapPart(fields: readonly (readonly [string, Part])[]): Part {
  const texts = fields.flatMap(([key, part]) =>
    typeof part === "string" ? [[key, part] as const] : [],
  );
  if (texts.length === fields.length) return objectJson(texts);
  const members = fields.map(([key, part]) => {
    const name = JSON.stringify(key);
    return { first: `{${name}:`, further: `,${name}:`, write: writerOf(part) };
  });
  return (input) => {
    let text = "";
    for (const { first, further, write } of members) {
      const value = write(input);
      if (value !== undefined) text += (text === "" ? first : further) + value;
    }
    return text === "" ? "{}" : `${text}}`;
  };
}

const writerOf = (part: Part): BodyWriter => (typeof part === "string" ? () => part : part);
