/** Reads pages of the journal by their schema alone, as plainly as the specification of Avro says it. */
import type { JournalEntry, JournalSkip } from "../src/driver/journal/journal-entry.ts";
import { JOURNAL_SCHEMA } from "../src/driver/journal/journal-schema.ts";

/** A page as a test looks at it. */
export interface ReadPage {
  readonly schemaId: number;
  readonly target: string;
  readonly entries: readonly JournalEntry[];
  readonly skipped: readonly JournalSkip[];
}

/** Reads a record's value; throws when it is no page. */
export function readPage(value: Uint8Array | null): ReadPage {
  const bytes = Buffer.from(value ?? new Uint8Array());
  if (bytes[0] !== 0) throw new Error("the value has no frame");
  const schemaId = bytes.readUInt32BE(1);
  // The texts stand at the end: once to have them, once more with them.
  const texts: readonly string[] = pageOf(bytes, []).texts;
  return { ...pageOf(bytes, texts), schemaId };
}

function pageOf(bytes: Buffer, texts: readonly string[]): ReadPage & { readonly texts: string[] } {
  const reader = new AvroReader(bytes.subarray(5), texts);
  const page = reader.read(JOURNAL_SCHEMA);
  if (!reader.isAtEnd) throw new Error("bytes are left over behind the page");
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the schema says what it is
  return page as ReadPage & { readonly texts: string[] };
}

type Avro = string | readonly Avro[] | AvroObject;
interface AvroObject {
  readonly type: Avro;
  readonly name?: string;
  readonly fields?: readonly AvroField[];
  readonly items?: Avro;
}
interface AvroField {
  readonly name: string;
  readonly type: Avro;
  readonly doc?: string;
}

/** Types that a schema names once and refers to after, in any depth. */
function namedTypes(schema: Avro, found = new Map<string, AvroObject>()): Map<string, AvroObject> {
  if (typeof schema === "string") return found;
  if (!("type" in schema)) {
    for (const branch of schema) namedTypes(branch, found);
    return found;
  }
  const { type, name, fields, items } = schema;
  if (name !== undefined && fields !== undefined) found.set(name, schema);
  for (const field of fields ?? []) namedTypes(field.type, found);
  if (items !== undefined) namedTypes(items, found);
  return fields === undefined && items === undefined ? namedTypes(type, found) : found;
}

class AvroReader {
  readonly #bytes: Buffer;
  readonly #texts: readonly string[];
  readonly #named: ReadonlyMap<string, AvroObject> = namedTypes(JOURNAL_SCHEMA);
  #at = 0;

  constructor(bytes: Buffer, texts: readonly string[]) {
    this.#bytes = bytes;
    this.#texts = texts;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  read(schema: Avro): unknown {
    if (typeof schema === "string") {
      const named = this.#named.get(schema);
      return named === undefined ? this.#primitive(schema) : this.read(named);
    }
    if (!("type" in schema)) return this.read(schema[this.#long()] ?? "no such branch");
    if (schema.fields !== undefined) return this.#record(schema.fields);
    if (schema.items !== undefined) return this.#array(schema.items);
    return this.read(schema.type);
  }

  #primitive(name: string): unknown {
    if (name === "null") return null;
    if (name === "string") return this.#text();
    if (name === "long" || name === "int") return this.#long();
    throw new Error(`no such type: ${name}`);
  }

  #record(fields: readonly AvroField[]): object {
    return Object.fromEntries(
      fields.map(({ name, type, doc }) => {
        const value = this.read(type);
        const isIndex = doc?.endsWith("index of texts") === true && typeof value === "number";
        return [name, isIndex ? this.#texts[value] : value] as const;
      }),
    );
  }

  #array(items: Avro): unknown[] {
    const list: unknown[] = [];
    for (let count = this.#long(); count !== 0; count = this.#long()) {
      for (let index = 0; index < count; index += 1) list.push(this.read(items));
    }
    return list;
  }

  #text(): string {
    const length = this.#long();
    this.#at += length;
    const bytes = this.#bytes.subarray(this.#at - length, this.#at);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  }

  #long(): number {
    let value = 0n;
    let byte = 0x80;
    for (let shift = 0n; byte >= 0x80; shift += 7n) {
      byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << shift;
    }
    return Number((value >> 1n) ^ -(value & 1n));
  }
}
