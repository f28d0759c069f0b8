/** JSON Schema 2020-12, as far as the document uses it, and how its parts are written. */

type TypeName = "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";

/** A schema. Objects are open, as clients have to take them: a later release may tell more. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: TypeName | readonly TypeName[];
  readonly const?: string;
  readonly enum?: readonly (string | null)[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: "date-time";
}

/** Where named schemas stand in the document. */
export const SCHEMAS_AT = "#/components/schemas/";

/** The schema of a name. */
export function ref(name: string): Schema {
  return { $ref: `${SCHEMAS_AT}${name}` };
}

/**
 * A schema for each field of a type: `{...} satisfies Fields<Type>` does not compile where either lacks one that the other
 * has.
 */
export type Fields<Type extends object> = { readonly [Name in keyof Type]-?: Schema };

/** An object; all of its fields are always there. */
export function object(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", description, required: Object.keys(properties), properties };
}

/** Counts by name; a name that counts nothing is left out. */
export function counts<Name extends string>(
  description: string,
  names: Readonly<Record<Name, string>>,
): Schema {
  const properties: Record<string, Schema> = {};
  for (const [name, meaning] of Object.entries<string>(names)) properties[name] = count(meaning);
  return { type: "object", description, properties };
}

/** One of a closed set of words, each with its meaning. */
export function oneWord<Word extends string>(
  description: string,
  words: Readonly<Record<Word, string>>,
): Schema {
  const meanings = Object.entries<string>(words).map(
    ([word, meaning]) => `\`${word}\`: ${meaning}`,
  );
  const text = [description, ...meanings].join("\n- ");
  return { type: "string", description: text, enum: Object.keys(words) };
}

/** Always the same text. */
export function always(text: string): Schema {
  return { type: "string", const: text };
}

/** A list; its bound, where it has one. */
export function list(description: string, items: Schema, maxItems?: number): Schema {
  return { type: "array", description, items, ...(maxItems === undefined ? {} : { maxItems }) };
}

/** Any text. */
export function text(description: string): Schema {
  return { type: "string", description };
}

/** A number of things. */
export function count(description: string): Schema {
  return { type: "integer", description, minimum: 0 };
}

/** Whole ms from now. */
export function waitMs(description: string): Schema {
  return count(`${description}, ms.`);
}

/** An offset; text, since it may be beyond 2^53. */
export function offset(description: string): Schema {
  return { type: "string", description, pattern: "^(0|[1-9][0-9]*)$" };
}

/** RFC 3339. */
export function moment(description: string): Schema {
  return { type: "string", description, format: "date-time" };
}

/** What a schema says, or null. */
export function nullable(schema: Schema): Schema {
  const { type } = schema;
  if (typeof type !== "string") return { oneOf: [schema, { type: "null" }] };
  const words = schema.enum === undefined ? {} : { enum: [...schema.enum, null] };
  return { ...schema, ...words, type: [type, "null"] };
}
