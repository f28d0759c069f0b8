import type { Verdict } from "../core/lanes/delivery.ts";
import type { SourceRecord } from "./record-source.ts";

/** The mapped call of an event, the same for every attempt; the driver adds position and trace context. */
export interface PreparedRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names; the Idempotency-Key among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | null;
  readonly timeoutMs: number;
}

/** What is known of a record once it has been looked at; holds no memory but its own. */
export interface PreparedEvent {
  /** The record as it lies in the log, copied out of the fetch's buffers. */
  readonly record: SourceRecord;
  /** Null where the record has no readable envelope. */
  readonly id: string | null;
  readonly source: string | null;
  readonly type: string | null;
  /** `default` where the record has no readable envelope. */
  readonly tenant: string;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** Null when no call can be made of it. */
  readonly request: PreparedRequest | null;
  readonly mappingRevision: string;
}

/** A record looked at: ready for the engine, or waiting for its writer schema. */
export type Preparation =
  | { readonly kind: "filtered" }
  | {
      readonly kind: "ready";
      readonly verdict: Verdict;
      readonly event: PreparedEvent;
    }
  | { readonly kind: "schema-needed"; readonly schemaId: number };

/** Envelope, filter, decode and mapping of one target's records. Synchronous but for schemas not yet known. */
export interface EventPreparer {
  /** Never throws: what cannot be decoded or mapped is `undeliverable`. */
  prepare(record: SourceRecord): Preparation;
  /**
   * Fetches a writer schema, after which `prepare` decides.
   * @throws MillraceError `REGISTRY_UNREACHABLE` (retry).
   */
  loadSchema(schemaId: number): Promise<void>;
}
