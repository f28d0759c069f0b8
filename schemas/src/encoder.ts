import { Buffer } from "node:buffer";
import type { Catalog, CatalogType } from "./catalog.ts";
import { compileSchema, type AvroSchema } from "./avro/avro-type.ts";
import { compileCoerce, type Coerce } from "./avro/coerce.ts";
import { compilePreScan, type PreScan } from "./avro/pre-scan.ts";
import type { FieldNode, SchemaNode } from "./avro/schema-node.ts";
import { AVRO_CONTENT_TYPE, HEADERS, SPEC_VERSION } from "./envelope.ts";
import { attributeProblems, givenKey, keyIn, textProblem, type EmitInput } from "./emit-input.ts";
import { DEFAULT_TENANT } from "./event.ts";
import { FRAME_BYTES, writeFrame } from "./framing.ts";
import { childPointer } from "./json-pointer.ts";
import { SchemaError, reasonOf, type FieldProblem } from "./schema-error.ts";
import { didYouMean } from "./suggestion.ts";
import { createUuidV7 } from "./uuid-v7.ts";

/** A record ready to be produced. The buffers are its own. */
export interface EncodedEvent {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, Uint8Array>>;
  readonly id: string;
}

/** What an encoder may be told. */
export interface EncoderOptions {
  /** The registry's URL, which goes into `ce_dataschema`; without it that header is left out. */
  readonly registryUrl?: string;
  /** Epoch milliseconds, for ids and times that the input does not give. Default: the system's clock. */
  readonly now?: () => number;
}

/** Turns inputs into records. Synchronous: schema ids are known before. */
export interface Encoder {
  /**
   * @throws SchemaError `EVENT_TYPE_UNKNOWN`, or `EVENT_INVALID` with all problems: pointers into the input, so that a
   *   wrong field of the data is at `/data/<field>`.
   */
  encode(input: EmitInput): EncodedEvent;
  /**
   * All that is wrong with the data of an event, pointers relative to the data; empty when it can be encoded.
   * @throws SchemaError `EVENT_TYPE_UNKNOWN`.
   */
  validate(type: string, data: unknown): readonly FieldProblem[];
}

/**
 * An encoder for the catalog's types. `ids` are the schemas' ids by type, as `resolveSchemaIds` gives them; a type
 * without one can be validated but not encoded.
 */
export function createEncoder(
  catalog: Catalog,
  ids: ReadonlyMap<string, number>,
  options: EncoderOptions = {},
): Encoder {
  const now = options.now ?? Date.now;
  const uuidOf = createUuidV7();
  const writers = new Map<string, EventWriter>();
  const writerOf = (type: string): EventWriter => {
    const known = writers.get(type);
    if (known !== undefined) return known;
    const writer = new EventWriter(knownType(catalog, type), {
      schemaId: ids.get(type) ?? null,
      registryUrl: options.registryUrl ?? null,
      uuidOf,
    });
    writers.set(type, writer);
    return writer;
  };
  return {
    encode: (input) => writerOf(input.type).encode(input, now()),
    validate: (type, data) => writerOf(type).coerce(data).problems,
  };
}

function knownType(catalog: Catalog, type: string): CatalogType {
  const found = catalog.types.get(type);
  if (found !== undefined) return found;
  const hint = didYouMean(type, catalog.types.keys());
  throw new SchemaError("EVENT_TYPE_UNKNOWN", `no such event type in the catalog: ${type}${hint}`);
}

interface WriterContext {
  readonly schemaId: number | null;
  readonly registryUrl: string | null;
  /** One for all types: ids of an encoder sort in the order they were given. */
  readonly uuidOf: (epochMs: number) => string;
}

/** Encodes the events of one type. */
class EventWriter {
  readonly coerce: Coerce;
  private readonly type: CatalogType;
  private readonly schemaId: number | null;
  private readonly uuidOf: (epochMs: number) => string;
  private readonly avro: AvroSchema;
  private readonly preScan: PreScan;
  private readonly keyField: FieldNode | null;
  private readonly fixedHeaders: Readonly<Record<string, Uint8Array>>;

  constructor(type: CatalogType, by: WriterContext) {
    this.type = type;
    this.schemaId = by.schemaId;
    this.uuidOf = by.uuidOf;
    this.avro = compileSchema(type.avro);
    this.coerce = compileCoerce(this.avro.node);
    this.preScan = compilePreScan(this.avro.node);
    this.keyField = fieldOf(this.avro.node, type.keyField);
    this.fixedHeaders = {
      [HEADERS.specVersion]: Buffer.from(SPEC_VERSION),
      [HEADERS.type]: Buffer.from(type.type),
      [HEADERS.contentType]: Buffer.from(AVRO_CONTENT_TYPE),
      ...dataSchemaHeader(by),
    };
  }

  encode(input: EmitInput, epochMs: number): EncodedEvent {
    const { value, problems } = this.coerce(input.data);
    const all = [
      ...attributeProblems(input),
      ...problems.map(({ pointer, detail }) => ({ pointer: `/data${pointer}`, detail })),
    ];
    if (all.length > 0) throw this.invalid(all);
    const id = input.id ?? this.uuidOf(epochMs);
    const key = this.keyOf(input, value);
    return {
      topic: this.type.topic.name,
      key: key === null ? null : Buffer.from(key),
      value: this.frame(value),
      headers: this.headers(input, { id, key, epochMs }),
      id,
    };
  }

  private keyOf(input: EmitInput, value: unknown): string | null {
    const key = givenKey(input) ?? keyIn(value, this.keyField);
    const detail = key === null ? null : textProblem(key);
    if (detail === null) return key;
    const pointer = childPointer("/data", this.keyField?.name ?? "");
    throw this.invalid([{ pointer, detail: `is the record key: ${detail}` }]);
  }

  private frame(value: unknown): Buffer {
    if (this.schemaId === null) {
      throw new SchemaError("SCHEMA_UNKNOWN", `the schema of ${this.type.type} has no id`);
    }
    try {
      const end = this.avro.type.encode(value, scratch, FRAME_BYTES);
      // Negative: that many bytes were missing.
      const target = end >= 0 ? scratch.subarray(0, end) : Buffer.alloc(scratch.length - end);
      if (end < 0) this.avro.type.encode(value, target, FRAME_BYTES);
      writeFrame(target, this.schemaId);
      this.requireReadable(target);
      return end >= 0 ? Buffer.from(target) : target;
    } catch (error) {
      if (error instanceof SchemaError) throw error;
      throw this.invalid([{ pointer: "/data", detail: `cannot be written: ${reasonOf(error)}` }]);
    }
  }

  /** What decoders refuse must not get into the log; defaults of the schema count too. */
  private requireReadable(framed: Buffer): void {
    const problem = this.preScan(framed, FRAME_BYTES);
    if (problem === null) return;
    throw this.invalid([{ pointer: "/data", detail: `could not be read back: ${problem}` }]);
  }

  private headers(
    input: EmitInput,
    made: { readonly id: string; readonly key: string | null; readonly epochMs: number },
  ): Record<string, Uint8Array> {
    const headers: Record<string, Uint8Array> = { ...this.fixedHeaders };
    const put = (name: string, text: string | null | undefined): void => {
      if (text !== undefined && text !== null) headers[name] = Buffer.from(text);
    };
    put(HEADERS.id, made.id);
    put(HEADERS.source, input.source);
    put(HEADERS.time, input.time ?? new Date(made.epochMs).toISOString());
    put(HEADERS.subject, input.subject);
    put(HEADERS.partitionKey, made.key);
    put(HEADERS.traceparent, input.traceparent);
    put(HEADERS.tracestate, input.tracestate);
    if (input.tenant !== DEFAULT_TENANT) put(HEADERS.tenant, input.tenant);
    for (const [name, text] of Object.entries(input.extensions ?? {})) put(`ce_${name}`, text);
    // After the extensions: `partitionkey` may have come as one.
    put(HEADERS.partitionKey, made.key);
    return headers;
  }

  private invalid(problems: readonly FieldProblem[]): SchemaError {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    const message = `event of type ${this.type.type}: ${first?.pointer ?? ""} ${first?.detail ?? ""}${more}`;
    return new SchemaError("EVENT_INVALID", message, { problems });
  }
}

function fieldOf(node: SchemaNode, name: string | null): FieldNode | null {
  if (node.kind !== "record") return null;
  return node.fields.find((field) => field.name === name) ?? null;
}

/** Reused by every encode, which is synchronous; a larger event gets a buffer of its own. */
const scratch = Buffer.alloc(64 * 1024);

function dataSchemaHeader(by: WriterContext): Readonly<Record<string, Uint8Array>> {
  if (by.schemaId === null || by.registryUrl === null) return {};
  const url = new URL(`${by.registryUrl.replace(/\/+$/, "")}/schemas/ids/${by.schemaId}`);
  // Credentials of the registry must not travel with every event.
  url.username = "";
  url.password = "";
  return { [HEADERS.dataSchema]: Buffer.from(url.href) };
}
