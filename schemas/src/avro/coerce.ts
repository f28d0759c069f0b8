/**
 * Plain data (parsed JSON, or what a program holds) turned into exactly what avsc writes, or a list of all that is
 * wrong with it. avsc alone would drop undeclared fields silently and name no place; here every refusal has a pointer.
 */
import type { FieldProblem } from "../schema-error.ts";
import { didYouMean } from "../suggestion.ts";
import { isText, scalarRule, type ScalarRule } from "./coerce-scalar.ts";
import { RECORD_LIMITS } from "./pre-scan.ts";
import {
  branchName,
  isNullable,
  type EnumNode,
  type FieldNode,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
} from "./schema-node.ts";

/** How many problems of one value are listed; the rest would be noise. */
export const PROBLEMS_MAX = 100;

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

/** Coerces one value; reports to the visit and returns undefined where it cannot. */
type Step = (data: unknown, pointer: string, visit: Visit) => unknown;

class Visit {
  readonly problems: FieldProblem[] = [];
  depth = 0;

  /** Returns what a refused value coerces to: undefined. */
  refuse(pointer: string, detail: string): unknown {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ pointer, detail });
    return undefined;
  }

  /** Runs a step one level deeper. What nests deeper than readers go is refused, which also ends cycles. */
  deeper(pointer: string, step: () => unknown): unknown {
    if (this.depth >= RECORD_LIMITS.depthMax) return this.refuse(pointer, "is nested too deeply");
    this.depth += 1;
    const value = step();
    this.depth -= 1;
    return value;
  }
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
        return this.unionStep(node);
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
      return visit.deeper(pointer, () => coerceFields(fields, { data, pointer, visit }));
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
      return visit.deeper(pointer, () =>
        data.map((element: unknown, index) => item(element, `${pointer}/${index}`, visit)),
      );
    };
  }

  private mapStep(values: SchemaNode): Step {
    const value = this.stepOf(values);
    return (data, pointer, visit) => {
      if (!isPlainObject(data)) return refuseType(data, { pointer, visit, expected: "an object" });
      return visit.deeper(pointer, () => {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
        const map = Object.create(null) as Record<string, unknown>;
        for (const [key, member] of Object.entries(data)) {
          if (!isText(key)) visit.refuse(child(pointer, key), "has a key that is no text");
          map[key] = value(member, child(pointer, key), visit);
        }
        return map;
      });
    };
  }

  private unionStep(node: UnionNode): Step {
    const branches = node.branches.map((branch) => ({
      name: branchName(branch),
      step: this.stepOf(branch),
    }));
    const values = branches.filter(({ name }) => name !== "null");
    const only = values.length === 1 ? values[0] : undefined;
    const mayBeNull = isNullable(node);
    const expected = `one of ${branches.map(({ name }) => name).join(", ")}`;
    return (data, pointer, visit) => {
      if (data === null && mayBeNull) return null;
      if (only !== undefined) return only.step(data, pointer, visit);
      for (const { name, step } of values) {
        const value = attempt(step, unwrapped(data, name), visit.depth);
        if (value !== undefined) return node.isWrapped ? { [name]: value } : value;
      }
      return refuseType(data, { pointer, visit, expected });
    };
  }
}

function scalarStep({ expected, coerce }: ScalarRule): Step {
  return (data, pointer, visit) => {
    const value = coerce(data);
    return value === undefined ? refuseType(data, { pointer, visit, expected }) : value;
  };
}

function attempt(step: Step, data: unknown, depth: number): unknown {
  const trial = new Visit();
  trial.depth = depth;
  const value = step(data, "", trial);
  return trial.problems.length === 0 ? value : undefined;
}

/** A value may name its branch, as Avro's JSON encoding does: `{"orders.Refund": {...}}`. */
function unwrapped(data: unknown, name: string): unknown {
  if (!isPlainObject(data)) return data;
  const keys = Object.keys(data);
  return keys.length === 1 && keys[0] === name ? data[name] : data;
}

interface FieldStep {
  readonly name: string;
  readonly suffix: string;
  readonly whenAbsent: "default" | "null" | "refuse";
  readonly step: Step;
}

function fieldStep(field: FieldNode, step: Step): FieldStep {
  const whenAbsent = field.hasDefault ? "default" : isNullable(field.type) ? "null" : "refuse";
  return { name: field.name, suffix: `/${field.name}`, whenAbsent, step };
}

interface ObjectAt {
  readonly data: Readonly<Record<string, unknown>>;
  readonly pointer: string;
  readonly visit: Visit;
}

function coerceFields(fields: readonly FieldStep[], { data, pointer, visit }: ObjectAt): unknown {
  const record: Record<string, unknown> = {};
  for (const { name, suffix, whenAbsent, step } of fields) {
    const member = Object.hasOwn(data, name) ? data[name] : undefined;
    if (member !== undefined) record[name] = step(member, pointer + suffix, visit);
    else if (whenAbsent === "null") record[name] = null;
    else if (whenAbsent === "refuse") visit.refuse(pointer + suffix, "is required");
    // Otherwise avsc writes the schema's default.
  }
  return record;
}

function refuseUndeclared(at: ObjectAt & { names: ReadonlySet<string>; record: string }): void {
  for (const key of Object.keys(at.data)) {
    if (at.names.has(key) || at.data[key] === undefined) continue;
    const hint = didYouMean(key, at.names);
    at.visit.refuse(child(at.pointer, key), `is no field of ${at.record}${hint}`);
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
  if (data === null) return "null";
  if (Array.isArray(data)) return "an array";
  if (typeof data === "number") return Number.isSafeInteger(data) ? "an integer" : "a number";
  if (typeof data === "string") return data === "" ? "an empty string" : "a string";
  return typeof data === "object" ? "an object" : `a ${typeof data}`;
}

function child(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function isPlainObject(data: unknown): data is Readonly<Record<string, unknown>> {
  return (
    typeof data === "object" &&
    data !== null &&
    !Array.isArray(data) &&
    !(data instanceof Date) &&
    !(data instanceof Uint8Array)
  );
}
