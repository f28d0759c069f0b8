/**
 * Records to events. Synchronous where the writer schema is known; one that is not is named, loaded and then decoded.
 * What can never be decoded is a value, not an exception: one poison record must not stop its partition. A registry
 * that is away is the opposite: nothing is undecodable until it has answered.
 */
import type { Buffer } from "node:buffer";
import { bufferOf } from "./buffer-of.ts";
import { parseEnvelope, headerTexts, type EnvelopeFault } from "./envelope.ts";
import {
  DEFAULT_TENANT,
  type DecodedEvent,
  type Envelope,
  type WireRecord,
  type WriterSchema,
} from "./event.ts";
import { FRAME_BYTES, framedSchemaId } from "./framing.ts";
import { ReadPlanCache, UNKNOWN_GRACE_MS, type ReadPlan } from "./read-plan.ts";
import type { Registry } from "./registry.ts";
import { reasonOf } from "./schema-error.ts";

/** A record with its place in the log. */
export interface LocatedRecord extends WireRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The broker's timestamp, epoch milliseconds. */
  readonly timestampMs: number;
}

/** What a record turned out to be. */
export type DecodeResult =
  | { readonly kind: "event"; readonly event: DecodedEvent }
  | { readonly kind: "schema-needed"; readonly schemaId: number }
  | {
      readonly kind: "undecodable";
      readonly code: "DECODE_FAILED" | "ENVELOPE_MISSING" | "SCHEMA_UNKNOWN";
      /** Holds no payload. */
      readonly detail: string;
    };

/** What a decoder may be told. */
export interface DecoderOptions {
  /**
   * Records without `ce_` headers: `require` (default) answers `ENVELOPE_MISSING`, `derive` makes an envelope of their
   * place in the log.
   */
  readonly envelope?: "require" | "derive";
  /** Stands in the source of derived envelopes, `kafka:<cluster id>`. Default: `unknown`. */
  readonly clusterId?: string;
  /** Schemas by event type that data is resolved to; other types are read as written. */
  readonly readerSchemas?: ReadonlyMap<string, unknown>;
  /**
   * How long an id that the registry does not know is asked for again before it counts as unknown, ms from the first
   * time on: a replica of the registry may be behind. Default: {@link UNKNOWN_GRACE_MS}.
   */
  readonly unknownGraceMs?: number;
  /** Milliseconds of a clock that never goes back. Default: the process's. */
  readonly now?: () => number;
}

/** Decodes records of any topic. */
export interface Decoder {
  /** Never throws. `schema-needed` means: `load` that id, then ask again. */
  decode(record: LocatedRecord): DecodeResult;
  /**
   * Fetches a writer schema. Resolves also when the registry has no such id after the grace: `decode` then answers
   * `SCHEMA_UNKNOWN` for some seconds, after which the registry is asked again, once. Concurrent loads of one id are one
   * request.
   * @throws SchemaError `REGISTRY_UNREACHABLE` or `REGISTRY_REFUSED`: nothing is known of the schema; `SCHEMA_UNKNOWN`:
   *   the grace goes on. Try again after a pause.
   */
  load(schemaId: number): Promise<void>;
}

/** Creates a decoder with a cache of its own. */
export function createDecoder(registry: Registry, options: DecoderOptions = {}): Decoder {
  const plans = new ReadPlanCache(registry, {
    readerSchemas: options.readerSchemas ?? new Map(),
    now: options.now ?? (() => performance.now()),
    unknownGraceMs: options.unknownGraceMs ?? UNKNOWN_GRACE_MS,
  });
  const mayDerive = options.envelope === "derive";
  const source = `kafka:${options.clusterId ?? "unknown"}`;

  const decode = (record: LocatedRecord): DecodeResult => {
    const read = parseEnvelope(record);
    if ("isForeign" in read && !(read.isForeign && mayDerive)) return withoutEnvelope(read);
    const envelope = "isForeign" in read ? null : read;
    const eventOf = (data: unknown, plan: ReadPlan | null): DecodeResult => {
      const type = plan?.writerName ?? TOMBSTONE_TYPE;
      const known = envelope ?? derivedEnvelope(record, source, type);
      return {
        kind: "event",
        event: new RecordEvent(known, { record, data, schema: plan?.schema ?? null }),
      };
    };
    const { value } = record;
    return value === null
      ? eventOf(null, null)
      : decodeValue(bufferOf(value), { plans, type: envelope?.type ?? null, eventOf });
  };
  return { decode, load: (schemaId) => plans.load(schemaId) };
}

/** An event whose headers become text when somebody asks for them: a mapping that does is rare. */
class RecordEvent implements DecodedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string | null;
  readonly subject: string | null;
  readonly tenant: string;
  readonly partitionKey: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly extensions: Readonly<Record<string, string>>;
  readonly key: Uint8Array | null;
  readonly data: unknown;
  readonly schema: WriterSchema | null;
  readonly #record: LocatedRecord;
  #headers: Readonly<Record<string, string>> | null = null;

  constructor(
    envelope: Envelope,
    of: {
      readonly record: LocatedRecord;
      readonly data: unknown;
      readonly schema: WriterSchema | null;
    },
  ) {
    this.id = envelope.id;
    this.source = envelope.source;
    this.type = envelope.type;
    this.time = envelope.time;
    this.subject = envelope.subject;
    this.tenant = envelope.tenant;
    this.partitionKey = envelope.partitionKey;
    this.traceparent = envelope.traceparent;
    this.tracestate = envelope.tracestate;
    this.extensions = envelope.extensions;
    this.key = of.record.key;
    this.data = of.data;
    this.schema = of.schema;
    this.#record = of.record;
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= headerTexts(this.#record);
    return this.#headers;
  }
}

/** The type of a foreign record that has no value, hence no schema to take a name from. */
const TOMBSTONE_TYPE = "tombstone";

interface ValueContext {
  readonly plans: ReadPlanCache;
  readonly type: string | null;
  readonly eventOf: (data: unknown, plan: ReadPlan) => DecodeResult;
}

function decodeValue(value: Buffer, { plans, type, eventOf }: ValueContext): DecodeResult {
  const schemaId = framedSchemaId(value);
  if (schemaId === null) return failed("the value has no Confluent frame (0x00 and a schema id)");
  const plan = plans.planFor(schemaId, type);
  switch (plan.kind) {
    case "needed":
      return { kind: "schema-needed", schemaId };
    case "unknown":
      return {
        kind: "undecodable",
        code: "SCHEMA_UNKNOWN",
        detail: `the registry has no schema with id ${schemaId}`,
      };
    case "unusable":
      return failed(`schema ${schemaId}: ${plan.detail}`);
    case "plan": {
      const problem = plan.preScan(value, FRAME_BYTES);
      if (problem !== null) return failed(`no record of schema ${schemaId}: ${problem}`);
      try {
        return eventOf(plan.read(value.subarray(FRAME_BYTES)), plan);
      } catch (error) {
        return failed(`no record of schema ${schemaId}: ${reasonOf(error)}`);
      }
    }
  }
}

function failed(detail: string): DecodeResult {
  return { kind: "undecodable", code: "DECODE_FAILED", detail };
}

function withoutEnvelope({ detail }: EnvelopeFault): DecodeResult {
  return { kind: "undecodable", code: "ENVELOPE_MISSING", detail };
}

function derivedEnvelope(record: LocatedRecord, source: string, type: string): Envelope {
  return {
    id: `${record.topic}/${record.partition}/${record.offset}`,
    source,
    type,
    time: timeText(record.timestampMs),
    subject: null,
    tenant: DEFAULT_TENANT,
    partitionKey: null,
    traceparent: null,
    tracestate: null,
    extensions: {},
  };
}

/** A foreign producer can stamp records with any 64-bit number; RFC 3339 ends with the year 9999. */
function timeText(epochMs: number): string | null {
  const isNameable = epochMs >= YEAR_0_MS && epochMs < YEAR_10000_MS;
  return isNameable ? new Date(epochMs).toISOString() : null;
}

const YEAR_0_MS = Date.parse("0000-01-01T00:00:00Z");
const YEAR_10000_MS = Date.UTC(10_000, 0);
