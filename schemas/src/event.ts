import type avsc from "avsc";

/** What is known of an event without decoding its data: a CloudEvent's attributes, and its trace context. */
export interface Envelope {
  /** With `source` the event's identity; never empty. */
  readonly id: string;
  /** A URI reference; never empty. */
  readonly source: string;
  /** The Avro full name of its data, such as `users.ProfileUpdated`; never empty. */
  readonly type: string;
  /** RFC 3339; null when the producer gave none (or none that is valid). */
  readonly time: string | null;
  readonly subject: string | null;
  /** `default` until tenants exist. */
  readonly tenant: string;
  readonly partitionKey: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** CloudEvents extension attributes by name, without those above. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** A writer schema, ready to decode with. */
export interface WriterSchema {
  /** Its id in the registry. */
  readonly id: number;
  /** The schema's JSON. */
  readonly avro: unknown;
  readonly type: avsc.Type;
}

/** An event as a consumer sees it. */
export interface DecodedEvent extends Envelope {
  /** The record key's bytes; null when the record has none. */
  readonly key: Uint8Array | null;
  /** All headers of the record as text, the last one where a name repeats; a copy of the event has to name them. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The Avro value; null for a tombstone. int, float and double are numbers, long is a number or (beyond 2^53) a
   * bigint, timestamps likewise (epoch milliseconds or microseconds), bytes and fixed are Uint8Array, decimal, enum and
   * uuid are strings, maps have no prototype, an optional union holds the bare value.
   */
  readonly data: unknown;
  /** The schema that `data` has: the reader schema's when one was given for its type; null for a tombstone. */
  readonly schema: WriterSchema | null;
}

/** A record's part that carries an event; structurally the engine's `SourceRecord`. */
export interface WireRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array | readonly Uint8Array[] | undefined>>;
  /** Tells each header as text (UTF-8), in order; left out, `headers` are gone through. */
  eachHeaderText?(tell: (name: string, text: string) => void): void;
}

/** The tenant of every event until tenants exist. */
export const DEFAULT_TENANT = "default";
