/**
 * Decoded Avro values as CEL wants them, bound by the schema: JavaScript's numbers are doubles to CEL, so an `int` must
 * become a BigInt, a timestamp a Date, and so on. Binders are compiled once per schema; a record's fields are bound when
 * CEL asks for them.
 */
import {
  withoutNull,
  type AvroNode,
  type AvroRecord,
  type AvroUnion,
  type ScalarKind,
} from "./avro-node.ts";
import { MappingFailure } from "./mapping-failure.ts";
import { dateText, timestampOfMicros, timestampOfMillis } from "./timestamp.ts";

/** Makes a decoded value a CEL value. `undefined` (no such field) stays undefined. */
export type Binder = (value: unknown) => unknown;

/** A record's class and the schema it was made of; each record schema of an environment has its own. */
export type BoundRecordClass = new (fields: Readonly<Record<string, unknown>>) => BoundRecord;

/**
 * Fields as CEL sees them. It extends Map because CEL reads the fields of a Map by `get`, so that names such as
 * `constructor` are fields like any other; the Map itself stays empty.
 */
export abstract class BoundFields extends Map<string, unknown> {
  /** Where CEL would go through a map's keys; it must not find this one empty. */
  override keys(): MapIterator<string> {
    throw new MappingFailure("a record has fields, not keys to go through");
  }
}

/** A record as CEL sees it. */
export abstract class BoundRecord extends BoundFields {
  /** Field names in schema order. */
  abstract readonly fieldNames: readonly string[];
}

/** The binders and record classes of one schema. */
export interface Binding {
  readonly bind: Binder;
  /** The binder of a node of the schema. */
  readonly binderOf: (node: AvroNode) => Binder;
  /** By the record's full name. */
  readonly classes: ReadonlyMap<
    string,
    { readonly record: AvroRecord; readonly type: BoundRecordClass }
  >;
}

/** Compiles a schema's binder. With `"typed"`, records are {@link BoundRecord}s; with `"plain"`, Maps. */
export function compileBinding(node: AvroNode, records: "typed" | "plain"): Binding {
  const compiler = new BinderCompiler(records);
  const binderOf = (part: AvroNode): Binder => compiler.binderOf(part);
  return { bind: binderOf(node), binderOf, classes: compiler.classes };
}

class BinderCompiler {
  readonly classes = new Map<string, { record: AvroRecord; type: BoundRecordClass }>();
  private readonly records: "typed" | "plain";
  private readonly binders = new Map<AvroRecord, Binder>();

  constructor(records: "typed" | "plain") {
    this.records = records;
  }

  binderOf(node: AvroNode): Binder {
    switch (node.kind) {
      case "scalar":
        return SCALARS[node.scalar];
      case "record":
        return this.recordBinder(node);
      case "array": {
        const bind = this.binderOf(node.items);
        return (value) => (Array.isArray(value) ? value.map(bind) : undefined);
      }
      case "map": {
        const bind = this.binderOf(node.values);
        return (value) =>
          isObject(value)
            ? new Map(Object.entries(value).map(([key, item]) => [key, bind(item)]))
            : undefined;
      }
      case "union":
        return this.unionBinder(node, withoutNull(node));
    }
  }

  private recordBinder(record: AvroRecord): Binder {
    const known = this.binders.get(record);
    if (known !== undefined) return known;
    let binder: Binder | null = null;
    // Stands in for the record inside its own fields.
    this.binders.set(record, (value) => binder?.(value));
    const fields = new Map<string, Binder>();
    for (const { name, type } of record.fields) fields.set(name, this.binderOf(type));
    binder = this.records === "plain" ? plainRecord(fields) : this.typedRecord(record, fields);
    this.binders.set(record, binder);
    return binder;
  }

  private typedRecord(record: AvroRecord, fields: ReadonlyMap<string, Binder>): Binder {
    const type = recordClass(fields);
    this.classes.set(record.name, { record, type });
    return (value) => (isObject(value) ? new type(value) : undefined);
  }

  private unionBinder({ branches, isWrapped }: AvroUnion, rest: AvroNode): Binder {
    if (rest.kind !== "union") {
      const bind = this.binderOf(rest);
      return (value) => (value === null ? null : bind(value));
    }
    const compiled = branches.map(({ name, type }) => ({ name, bind: this.binderOf(type) }));
    if (isWrapped) {
      return (value) => {
        if (!isObject(value)) return value;
        const branch = compiled.find(({ name }) => Object.hasOwn(value, name));
        return branch?.bind(field(value, branch.name));
      };
    }
    const forms = branches.map(({ type }) => formOf(type));
    return (value) => compiled[forms.indexOf(formOfValue(value))]?.bind(value);
  }
}

const isInteger = (value: unknown): value is number | bigint =>
  typeof value === "bigint" || typeof value === "number";

const SCALARS: Readonly<Record<ScalarKind, Binder>> = {
  null: (value) => value,
  boolean: (value) => value,
  string: (value) => value,
  bytes: (value) => value,
  double: (value) => value,
  int: (value) => (typeof value === "number" ? BigInt(value) : value),
  date: (value) => (typeof value === "number" ? dateText(value) : value),
  "timestamp-millis": (value) => (isInteger(value) ? timestampOfMillis(value) : value),
  "timestamp-micros": (value) => (isInteger(value) ? timestampOfMicros(value) : value),
};

function recordClass(binders: ReadonlyMap<string, Binder>): BoundRecordClass {
  const names = [...binders.keys()];
  return class extends BoundRecord {
    readonly #fields: Readonly<Record<string, unknown>>;

    constructor(fields: Readonly<Record<string, unknown>>) {
      super();
      this.#fields = fields;
    }

    get fieldNames(): readonly string[] {
      return names;
    }

    override get(name: string): unknown {
      const bind = binders.get(name);
      return bind === undefined ? undefined : bind(field(this.#fields, name));
    }
  };
}

function plainRecord(binders: ReadonlyMap<string, Binder>): Binder {
  const entries = [...binders];
  return (value) =>
    isObject(value)
      ? new Map(entries.map(([name, bind]) => [name, bind(field(value, name))]))
      : undefined;
}

/** An own field's value: a record's prototype knows names (`constructor`) that are no fields. */
function field(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

type Form = "null" | "boolean" | "number" | "string" | "bytes" | "array" | "object";

const SCALAR_FORMS: Readonly<Record<ScalarKind, Form>> = {
  null: "null",
  boolean: "boolean",
  int: "number",
  double: "number",
  date: "number",
  "timestamp-millis": "number",
  "timestamp-micros": "number",
  string: "string",
  bytes: "bytes",
};

/** What a type's decoded values look like. */
function formOf(node: AvroNode): Form {
  if (node.kind === "scalar") return SCALAR_FORMS[node.scalar];
  return node.kind === "array" ? "array" : "object";
}

function formOfValue(value: unknown): Form {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof Uint8Array) return "bytes";
  const type = typeof value;
  if (type === "bigint" || type === "number") return "number";
  return type === "boolean" || type === "string" ? type : "object";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
