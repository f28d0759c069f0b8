/**
 * Holds a value against a schema of the API's document, closed: a field that the schema does not have is a problem, as is one
 * that it asks for and the value lacks. Knows the keywords that `Schema` has, and no others.
 */
import { SCHEMAS_AT, type Schema } from "../src/operations/openapi/json-schema.ts";

/** Schemas by name. */
export type NamedSchemas = Readonly<Record<string, Schema>>;

/** Everything that is wrong with a value, each with its place (RFC 6901); empty where it fits. */
export function schemaProblems(
  value: unknown,
  schema: Schema,
  named: NamedSchemas,
): readonly string[] {
  return problemsAt("", value, { schema, named });
}

/** The schema that a reference names, else the schema itself. @throws Error where there is no such schema. */
export function resolved(schema: Schema, named: NamedSchemas): Schema {
  if (schema.$ref === undefined) return schema;
  const found = named[schema.$ref.slice(SCHEMAS_AT.length)];
  if (found === undefined) throw new Error(`no such schema: ${schema.$ref}`);
  return found;
}

interface Rule {
  readonly schema: Schema;
  readonly named: NamedSchemas;
}

function problemsAt(at: string, value: unknown, rule: Rule): readonly string[] {
  const schema = resolved(rule.schema, rule.named);
  if (schema.oneOf !== undefined) return choiceProblems(at, value, { ...rule, schema });
  if (!hasType(value, schema)) return [`${at}: is no ${String(schema.type)}`];
  if (Array.isArray(value)) return listProblems(at, value, { ...rule, schema });
  if (isRecord(value)) return objectProblems(at, value, { ...rule, schema });
  return scalarProblems(value, schema).map((problem) => `${at}: ${problem}`);
}

function choiceProblems(at: string, value: unknown, { schema, named }: Rule): readonly string[] {
  const choices = (schema.oneOf ?? []).map((one) => problemsAt(at, value, { schema: one, named }));
  if (choices.filter(({ length }) => length === 0).length === 1) return [];
  return [`${at}: fits none of its schemas, or several`, ...choices.flat()];
}

function hasType(value: unknown, { type }: Schema): boolean {
  if (type === undefined) return true;
  const types = typeof type === "string" ? [type] : type;
  return types.some((one) => {
    if (one === "integer") return Number.isSafeInteger(value);
    return one === typeOf(value);
  });
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function listProblems(
  at: string,
  values: readonly unknown[],
  { schema, named }: Rule,
): readonly string[] {
  const { items = {}, maxItems = Infinity } = schema;
  const tooMany = values.length > maxItems ? [`${at}: has more than ${maxItems}`] : [];
  const each = values.map((one, index) =>
    problemsAt(`${at}/${index}`, one, { schema: items, named }),
  );
  return [...tooMany, ...each.flat()];
}

function objectProblems(
  at: string,
  value: Readonly<Record<string, unknown>>,
  { schema, named }: Rule,
): readonly string[] {
  const { properties = {}, required = [] } = schema;
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const known = properties[name];
    if (known === undefined) return [`${at}/${name}: is not in the document`];
    return problemsAt(`${at}/${name}`, field, { schema: known, named });
  });
  return [...missing.map((name) => `${at}/${name}: is missing`), ...fields];
}

function scalarProblems(value: unknown, schema: Schema): readonly string[] {
  const problems: string[] = [];
  const { const: only, enum: words, pattern, format } = schema;
  if (only !== undefined && value !== only) problems.push(`is not ${only}`);
  if (words !== undefined && !words.some((word) => word === value)) problems.push("is no word");
  if (typeof value === "number" && !isInRange(value, schema)) problems.push("is out of range");
  if (typeof value !== "string") return problems;
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value))
    problems.push(`is not ${pattern}`);
  if (format !== undefined && new Date(value).toISOString() !== value)
    problems.push("is no RFC 3339 time");
  return problems;
}

function isInRange(
  value: number,
  { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity }: Schema,
): boolean {
  return value >= minimum && value > exclusiveMinimum && value <= maximum;
}

/** Whether a value is an object that is no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
