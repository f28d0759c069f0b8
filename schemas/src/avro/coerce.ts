/**
 * Plain data (parsed JSON, or what a program holds) turned into exactly what avsc writes, or a list of all that is
 * wrong with it. avsc alone would drop undeclared fields silently and name no place; here every refusal has a pointer.
 */
import type { FieldProblem } from "../schema-error.ts";
import { childPointer } from "../json-pointer.ts";
import { didYouMean } from "../suggestion.ts";
import { isText, scalarRule, type ScalarRule } from "./coerce-scalar.ts";
import { unionStep } from "./coerce-union.ts";
import { Visit, type Step } from "./coerce-visit.ts";
import {
  isNullable,
  type EnumNode,
  type FieldNode,
  type RecordNode,
  type SchemaNode,
} from "./schema-node.ts";

/** Turns data into avsc's value. The value is only of use when there are no problems. */
export type Coerce = (data: unknown) => {
  readonly value: unknown;
  readonly problems: readonly FieldProblem[];
};

/** Compiles the coercion of a schema. Pointers are relative to the data. */
export function compileCoerce(node: SchemaNode): Coerce {
  const step = new CoerceCompiler().stepOf(node);
  return (data) => {
    const visit = new Visit();
    return { value: step(data, "", visit), problems: visit.problems };
  };
}

class CoerceCompiler {
  private readonly records = new Map<RecordNode, Step>();

  stepOf(node: SchemaNode): Step {
    switch (node.kind) {
      case "record":
        return this.records.get(node) ?? this.recordStep(node);
      case "array":
        return this.arrayStep(node.items);
      case "map":
        return this.mapStep(node.values);
      case "union":
        return unionStep(node, { stepOf: (branch) => this.stepOf(branch), refuse: refuseType });
      case "enum":
        return enumStep(node);
      case "null":
      case "boolean":
      case "int":
      case "long":
      case "float":
      case "double":
      case "bytes":
      case "string":
      case "fixed":
        return scalarStep(scalarRule(node));
    }
  }

  private recordStep(node: RecordNode): Step {
    const fields: FieldStep[] = [];
    const names = new Set(node.fields.map((field) => field.name));
    const step: Step = (data, pointer, visit) => {
      if (!isPlainObject(data)) {
        return refuseType(data, { pointer, visit, expected: `an object (${node.name})` });
      }
      refuseUndeclared({ data, pointer, visit, names, record: node.name });
      return visit.deeper({ pointer, count: fields.length }, () =>
        coerceFields(fields, { data, pointer, visit }),
      );
    };
    // Known before its fields are compiled: they may hold the record itself.
    this.records.set(node, step);
    for (const field of node.fields) fields.push(fieldStep(field, this.stepOf(field.type)));
    return step;
  }

  private arrayStep(items: SchemaNode): Step {
    const item = this.stepOf(items);
    return (data, pointer, visit) => {
      if (!Array.isArray(data)) return refuseType(data, { pointer, visit, expected: "an array" });
      // Not map: it would pass over holes.
      return visit.deeper({ pointer, count: data.length }, () =>
        Array.from(data, (element: unknown, index) => item(element, `${pointer}/${index}`, visit)),
      );
    };
  }

  private mapStep(values: SchemaNode): Step {
    const value = this.stepOf(values);
    return (data, pointer, visit) => {
      if (!isPlainObject(data)) return refuseType(data, { pointer, visit, expected: "an object" });
      const entries = Object.entries(data);
      return visit.deeper({ pointer, count: entries.length }, () => {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
        const map = Object.create(null) as Record<string, unknown>;
        for (const [key, member] of entries) {
          if (!isText(key)) visit.refuse(childPointer(pointer, key), "has a key that is no text");
          map[key] = value(member, childPointer(pointer, key), visit);
        }
        return map;
      });
    };
  }
}

function scalarStep({ expected, coerce }: ScalarRule): Step {
  return (data, pointer, visit) => {
    const value = coerce(data);
    return value === undefined ? refuseType(data, { pointer, visit, expected }) : value;
  };
}

interface FieldStep {
  readonly name: string;
  /** Whether every object has a member of that name, such as `toString`. */
  readonly isInherited: boolean;
  readonly suffix: string;
  readonly whenAbsent: "default" | "null" | "refuse";
  readonly step: Step;
}

function fieldStep(field: FieldNode, step: Step): FieldStep {
  const whenAbsent = field.hasDefault ? "default" : isNullable(field.type) ? "null" : "refuse";
  const { name } = field;
  return { name, isInherited: name in {}, suffix: `/${name}`, whenAbsent, step };
}

interface ObjectAt {
  readonly data: Readonly<Record<string, unknown>>;
  readonly pointer: string;
  readonly visit: Visit;
}

function coerceFields(fields: readonly FieldStep[], { data, pointer, visit }: ObjectAt): unknown {
  const record: Record<string, unknown> = {};
  for (const { name, isInherited, suffix, whenAbsent, step } of fields) {
    const member = Object.hasOwn(data, name) ? data[name] : undefined;
    if (member !== undefined) record[name] = step(member, pointer + suffix, visit);
    else if (whenAbsent === "null") record[name] = null;
    else if (whenAbsent === "refuse") visit.refuse(pointer + suffix, "is required");
    // Otherwise avsc writes the schema's default, for which it must find nothing.
    else if (isInherited) record[name] = undefined;
  }
  return record;
}

function refuseUndeclared(at: ObjectAt & { names: ReadonlySet<string>; record: string }): void {
  for (const key of Object.keys(at.data)) {
    if (at.names.has(key) || at.data[key] === undefined) continue;
    const hint = didYouMean(key, at.names);
    at.visit.refuse(childPointer(at.pointer, key), `is no field of ${at.record}${hint}`);
  }
}

function enumStep({ name, symbols }: EnumNode): Step {
  const known = new Set<unknown>(symbols);
  const listed = symbols.length > 20 ? `a symbol of ${name}` : `one of ${symbols.join(", ")}`;
  return (data, pointer, visit) => {
    if (known.has(data)) return data;
    const hint = typeof data === "string" ? didYouMean(data, symbols) : "";
    return refuseType(data, { pointer, visit, expected: `${listed}${hint}` });
  };
}

function refuseType(
  data: unknown,
  at: { readonly pointer: string; readonly visit: Visit; readonly expected: string },
): unknown {
  return at.visit.refuse(at.pointer, `must be ${at.expected}, received ${describe(data)}`);
}

/** The kind of a value, never the value: problems are logged and answered. */
function describe(data: unknown): string {
  if (data === null || data === undefined) return data === null ? "null" : "nothing";
  if (Array.isArray(data)) return "an array";
  if (typeof data === "number") return Number.isSafeInteger(data) ? "an integer" : "a number";
  if (typeof data === "string") return describeText(data);
  if (typeof data !== "object") return `a ${typeof data}`;
  return isPlainObject(data) ? "an object" : "an object of another kind";
}

function describeText(text: string): string {
  if (text === "") return "an empty string";
  return isText(text) ? "a string" : "a string with a lone surrogate";
}

/** An object whose own members are its data; not a Map or Set, which would read as empty, nor an array or a Date. */
function isPlainObject(data: unknown): data is Readonly<Record<string, unknown>> {
  if (typeof data !== "object" || data === null || data instanceof Date) return false;
  return !(Symbol.iterator in data);
}
