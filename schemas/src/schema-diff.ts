import { parseSchema, type FieldNode, type SchemaNode } from "./avro/schema-node.ts";
import { typeText } from "./avro/type-text.ts";

/** One difference between two schemas. */
export interface SchemaChange {
  readonly kind: "added" | "removed" | "changed";
  /** The place in the data, such as `lines[].sku`; empty for the schema itself. */
  readonly path: string;
  /** One line for people, beginning with `+`, `-` or `~`. */
  readonly text: string;
}

/**
 * What changed from one schema to another, in schema order; empty when nothing that matters did (`doc` does not).
 * Null for `before` means that there was none.
 * @throws SchemaError `SCHEMA_INVALID`.
 */
export function diffSchemas(before: unknown, after: unknown): readonly SchemaChange[] {
  const is = parseSchema(after);
  if (before === null) return [added("", typeText(is))];
  return new Differ().compare({ was: parseSchema(before), is, path: "" });
}

interface Pair {
  readonly was: SchemaNode;
  readonly is: SchemaNode;
  readonly path: string;
}

class Differ {
  private readonly seen = new Set<SchemaNode>();

  compare({ was, is, path }: Pair): readonly SchemaChange[] {
    if (was.kind === "record" && is.kind === "record" && was.name === is.name) {
      if (this.seen.has(is)) return [];
      this.seen.add(is);
      return this.compareFields({ was: was.fields, is: is.fields }, path);
    }
    if (was.kind === "enum" && is.kind === "enum" && was.name === is.name) {
      return [
        ...is.symbols
          .filter((symbol) => !was.symbols.includes(symbol))
          .map((symbol) => added(path, `symbol ${symbol}`)),
        ...was.symbols
          .filter((symbol) => !is.symbols.includes(symbol))
          .map((symbol) => removed(path, `symbol ${symbol}`)),
        ...changes(path, "default symbol", [was.defaultSymbol, is.defaultSymbol]),
      ];
    }
    if (was.kind === "array" && is.kind === "array") {
      return this.compare({ was: was.items, is: is.items, path: `${path}[]` });
    }
    if (was.kind === "map" && is.kind === "map") {
      return this.compare({ was: was.values, is: is.values, path: `${path}{}` });
    }
    if (was.kind === "union" && is.kind === "union" && typeText(was) === typeText(is)) {
      return is.branches.flatMap((branch, index) => {
        const other = was.branches[index];
        return other === undefined ? [] : this.compare({ was: other, is: branch, path });
      });
    }
    return changes(path, "type", [typeText(was), typeText(is)]);
  }

  private compareFields(
    of: { readonly was: readonly FieldNode[]; readonly is: readonly FieldNode[] },
    path: string,
  ): readonly SchemaChange[] {
    const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
    const kept = of.is.flatMap((field) => {
      const before = of.was.find(({ name }) => name === field.name);
      if (before === undefined) return [added(at(field.name), fieldText(field))];
      return [
        ...this.compare({ was: before.type, is: field.type, path: at(field.name) }),
        ...changes(at(field.name), "default", [defaultText(before), defaultText(field)]),
        ...changes(at(field.name), "pii", [before.pii, field.pii]),
      ];
    });
    const gone = of.was.filter(({ name }) => !of.is.some((field) => field.name === name));
    return [...kept, ...gone.map((field) => removed(at(field.name), fieldText(field)))];
  }
}

function added(path: string, what: string): SchemaChange {
  return { kind: "added", path, text: line("+", path, what) };
}

function removed(path: string, what: string): SchemaChange {
  return { kind: "removed", path, text: line("-", path, what) };
}

function changes(
  path: string,
  what: string,
  [was, is]: readonly [string | null, string | null],
): readonly SchemaChange[] {
  if (was === is) return [];
  const text = line("~", path, `${what} ${was ?? "none"} -> ${is ?? "none"}`);
  return [{ kind: "changed", path, text }];
}

function line(sign: string, path: string, what: string): string {
  return path === "" ? `${sign} ${what}` : `${sign} ${path}: ${what}`;
}

function fieldText(field: FieldNode): string {
  const text = defaultText(field);
  return text === null ? typeText(field.type) : `${typeText(field.type)} = ${text}`;
}

function defaultText({ hasDefault, defaultValue }: FieldNode): string | null {
  return hasDefault ? JSON.stringify(defaultValue) : null;
}
