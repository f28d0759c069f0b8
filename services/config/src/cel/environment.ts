import { Environment } from "@marcbachmann/cel-js";
import type { Duration } from "@marcbachmann/cel-js/evaluator";
import type { AvroNode, ScalarKind } from "./avro-node.ts";
import type { Binding } from "./binding.ts";
import { isEqual } from "./equality.ts";
import { EventFields } from "./event-fields.ts";
import { DROPPED_KEYS, GUARDED } from "./guards.ts";
import { MappingFailure } from "./mapping-failure.ts";
import { timestampOfMillis, timestampOfText, timestampText } from "./timestamp.ts";

/** What `omit()` gives: a field, header or item with this value is left out. */
export class Omit {
  readonly kind = "omit";
}

const OMITTED = new Omit();
const TIMESTAMP = "google.protobuf.Timestamp";
const SYNC = { async: false } as const;

/** A duration's text can be no longer: the library reads it with a regular expression that stalls on long ones. */
const DURATION_LENGTH_MAX = 64;

/** The library's own `duration()`. */
const parseDuration = new Environment().registerVariable("text", "string").parse("duration(text)");

/** CEL with optional types, mixed lists and maps, and `omit()`. It has no clock, no randomness and no I/O. */
const base = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 10_000, maxDepth: 100 },
})
  .registerType("millrace.Omit", { ctor: Omit })
  .registerFunction("omit(): dyn", () => OMITTED, SYNC)
  // What guards.ts puts in the place of the library's own.
  .registerFunction(`${GUARDED.timestamp}(string): ${TIMESTAMP}`, timestampOfText, SYNC)
  .registerFunction(
    `${GUARDED.timestamp}(int): ${TIMESTAMP}`,
    (seconds: bigint) => timestampOfMillis(seconds * 1_000n),
    SYNC,
  )
  .registerFunction(`${GUARDED.duration}(string): google.protobuf.Duration`, durationOfText, SYNC)
  .registerFunction(`${GUARDED.key}(dyn): dyn`, keyOf, SYNC)
  // Standard CEL conversions that the library lacks.
  .registerFunction(`string(${TIMESTAMP}): string`, (time: Date) => timestampText(time), SYNC)
  .registerFunction(
    `int(${TIMESTAMP}): int`,
    (time: Date) => BigInt(Math.floor(time.getTime() / 1_000)),
    SYNC,
  )
  .registerFunction("string(google.protobuf.Duration): string", durationText, SYNC);

function durationOfText(text: string): unknown {
  if (text.length <= DURATION_LENGTH_MAX) return parseDuration({ text }) as unknown;
  throw new MappingFailure("a duration is longer than 64 characters");
}

function keyOf(key: unknown): unknown {
  if (typeof key !== "string" || !DROPPED_KEYS.has(key)) return key;
  throw new MappingFailure(`"${key}" cannot be a key of a CEL map`);
}

/** The type that every null has to the checker: it may stand wherever a value may, as JSON's does. */
const anything = typeOf("dyn(null)");

/** A duration as protobuf's JSON writes it: `90s`, `1.500s`. */
export function durationText(duration: Duration): string {
  const nanos = duration.seconds * 1_000_000_000n + BigInt(Math.trunc(duration.nanos));
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = (size % 1_000_000_000n)
    .toString()
    .padStart(9, "0")
    .replace(/(000)+$/, "");
  const whole = (size / 1_000_000_000n).toString();
  return `${nanos < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}s`;
}

/** Gives a node of an expression, before it is checked, the type that fits everything. */
export function markAsAnything(node: object): void {
  Object.assign(node, { checkedType: anything });
}

/** CEL for events whose `event.data` has the given type; for `null` it may be anything. */
export function createEnvironment(data: AvroNode | null, binding: Binding): Environment {
  const environment = base.clone();
  for (const [name, { record, type }] of binding.classes) {
    const fields = Object.fromEntries(
      record.fields.map((field) => [field.name, celType(field.type)]),
    );
    environment.registerType(recordType(name), { ctor: type, fields });
    environment.registerOperator(`${recordType(name)} == ${recordType(name)}`, isEqual);
  }
  environment.registerType("millrace.Event", {
    ctor: EventFields,
    fields: {
      id: "string",
      source: "string",
      type: "string",
      subject: "dyn",
      time: "dyn",
      key: "dyn",
      headers: "map<string, string>",
      data: data === null ? "dyn" : celType(data),
    },
  });
  return environment.registerVariable("event", "millrace.Event");
}

const CEL_TYPES: Readonly<Record<ScalarKind, string>> = {
  null: "null",
  boolean: "bool",
  int: "int",
  double: "double",
  string: "string",
  bytes: "bytes",
  date: "string",
  "timestamp-millis": TIMESTAMP,
  "timestamp-micros": TIMESTAMP,
};

function celType(node: AvroNode): string {
  switch (node.kind) {
    case "scalar":
      return CEL_TYPES[node.scalar];
    case "record":
      return recordType(node.name);
    case "array":
      return `list<${celType(node.items)}>`;
    case "map":
      return `map<string, ${celType(node.values)}>`;
    case "union":
      return "dyn";
  }
}

/** A record could have the name of a CEL type, or of one of ours. */
function recordType(name: string): string {
  return /^(google|millrace)\.|^[^.]+$/.test(name) ? `avro.${name}` : name;
}

function typeOf(expression: string): unknown {
  const parsed = base.parse(expression);
  parsed.check();
  return "checkedType" in parsed.ast ? parsed.ast.checkedType : undefined;
}
