import { isText } from "./avro/coerce-scalar.ts";
import type { FieldNode } from "./avro/schema-node.ts";
import { ATTRIBUTE_PREFIX, CONTEXT_ATTRIBUTES } from "./envelope.ts";
import { isRfc3339 } from "./rfc3339.ts";
import { childPointer } from "./json-pointer.ts";
import type { FieldProblem } from "./schema-error.ts";

/** An event to be emitted. What is not given is made (`id`, `time`) or left out. */
export interface EmitInput {
  /** A type of the catalog, such as `users.ProfileUpdated`. */
  readonly type: string;
  /** Plain data that fits the type's schema. */
  readonly data: unknown;
  /** Default: a new UUIDv7. An event that is emitted again keeps its id. */
  readonly id?: string;
  /** Who says it, as a URI reference such as `/user-service`. */
  readonly source: string;
  /** RFC 3339. Default: now. */
  readonly time?: string;
  readonly subject?: string;
  /** Default: the extension `partitionkey`, else the catalog's key field of the data. */
  readonly key?: string;
  readonly tenant?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** CloudEvents extensions: names of lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** What is wrong with an event's attributes (not its data); pointers into the input. */
export function attributeProblems(input: EmitInput): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const name of TEXT_ATTRIBUTES) {
    const value: unknown = input[name];
    if (value === undefined && name !== "source") continue;
    const detail = textProblem(value);
    if (detail !== null) problems.push({ pointer: `/${name}`, detail });
  }
  if (typeof input.source === "string" && NO_URI.test(input.source)) {
    const detail = "must be a URI reference: no spaces, quotes, braces or backslashes";
    problems.push({ pointer: "/source", detail });
  }
  if (typeof input.time === "string" && input.time !== "" && !isRfc3339(input.time)) {
    problems.push({ pointer: "/time", detail: "must be an RFC 3339 date and time" });
  }
  for (const [name, value] of Object.entries(input.extensions ?? {})) {
    const detail = extensionProblem(name, value);
    if (detail !== null) problems.push({ pointer: childPointer("/extensions", name), detail });
  }
  return problems;
}

/** The record key that an input names itself: `key`, else the extension `partitionkey`; null when neither. */
export function givenKey(input: EmitInput): string | null {
  return input.key ?? input.extensions?.["partitionkey"] ?? null;
}

/** The record key in an event's data, the field's default included; null when there is none. */
export function keyIn(data: unknown, field: FieldNode | null): string | null {
  if (field === null || typeof data !== "object" || data === null) return null;
  const value: unknown = Reflect.get(data, field.name) ?? field.defaultValue;
  // The catalog lets only these be keys: strings (enums among them) and integers.
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" ? value.toString() : null;
}

const TEXT_ATTRIBUTES = [
  "id",
  "source",
  "time",
  "subject",
  "key",
  "tenant",
  "traceparent",
  "tracestate",
] as const;

/** What RFC 3986 has no place for; readers that check refuse the event. */
const NO_URI = /[\s<>"{}|\\^`]/;

/** The longest attribute; headers are for routing, not for payloads. */
const ATTRIBUTE_LENGTH_MAX = 4_096;

/** What stands against a text as an attribute; null when nothing does. */
export function textProblem(value: unknown): string | null {
  if (typeof value !== "string" || value === "") return "must be a string that is not empty";
  if (value.length > ATTRIBUTE_LENGTH_MAX) {
    return `must not be longer than ${ATTRIBUTE_LENGTH_MAX} characters`;
  }
  // CloudEvents 3.2 forbids both.
  const isClean = isText(value) && !/\p{Cc}/u.test(value);
  return isClean ? null : "must not hold control characters or lone surrogates";
}

/** CloudEvents 3.1: lower-case letters and digits. 20 characters are its recommendation, longer ones are let through. */
function extensionProblem(name: string, value: unknown): string | null {
  if (!/^[a-z0-9]+$/.test(name)) return "must have a name of lower-case letters and digits";
  if (CONTEXT_ATTRIBUTES.has(name))
    return `is an attribute of its own (${ATTRIBUTE_PREFIX}${name})`;
  return textProblem(value);
}
