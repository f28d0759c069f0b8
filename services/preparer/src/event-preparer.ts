/**
 * A target's view of a record: envelope, filter, decode, mapping, in the order that costs least. A filter on headers
 * alone decides before the value is looked at; an event is decoded and mapped once, whatever number of attempts it
 * takes.
 */
import type { TargetConfig, TargetFilter } from "@millrace/config";
import {
  MillraceError,
  type DeadLetterReason,
  type EventPreparer,
  type Preparation,
  type PreparedEvent,
  type PreparedRequest,
  type SourceRecord,
} from "@millrace/engine";
import {
  DEFAULT_TENANT,
  readEnvelope,
  type DecodedEvent,
  type Decoder,
  type Envelope,
} from "@millrace/schemas";
import { idempotencyKey } from "./idempotency-key.ts";

const FILTERED: Preparation = { kind: "filtered" };
const DELIVER = { kind: "deliver" } as const;

/** Prepares the records of one target. */
export class TargetEventPreparer implements EventPreparer {
  readonly #target: TargetConfig;
  readonly #decoder: Decoder;

  /** @param decoder with the target's rule for foreign records and the catalog's schemas as reader schemas. */
  constructor(target: TargetConfig, decoder: Decoder) {
    this.#target = target;
    this.#decoder = decoder;
  }

  /** @inheritdoc */
  prepare(record: SourceRecord): Preparation {
    const { filter, input } = this.#target;
    if (input.tombstones === "skip" && record.value === null) return FILTERED;
    const envelope = filter.needs === "headers" ? readEnvelope(record) : null;
    try {
      if (envelope !== null && !filter.matchesHeaders(envelope)) return FILTERED;
      const isDecided = envelope !== null || filter.needs === "nothing";
      return this.#decode(record, isDecided ? null : filter);
    } catch (error) {
      return this.#undeliverable(record, envelope ?? readEnvelope(record), faultOf(error));
    }
  }

  /** @inheritdoc */
  async loadSchema(schemaId: number): Promise<void> {
    try {
      await this.#decoder.load(schemaId);
    } catch (error) {
      const message = `schema ${schemaId}: ${error instanceof Error ? error.message : String(error)}`;
      throw new MillraceError("REGISTRY_UNREACHABLE", message, { cause: error });
    }
  }

  /** @param filter what is still to be asked about the event; null when it is decided. */
  #decode(record: SourceRecord, filter: TargetFilter | null): Preparation {
    const decoded = this.#decoder.decode(record);
    if (decoded.kind === "schema-needed") return decoded;
    if (decoded.kind === "undecodable") {
      const { code: reason, detail } = decoded;
      return this.#undeliverable(record, readEnvelope(record), { reason, detail });
    }
    const { event } = decoded;
    try {
      if (filter !== null && !filter.matches(event)) return FILTERED;
      const request = this.#map(event);
      return {
        kind: "ready",
        verdict: DELIVER,
        event: this.#event(record, event, request),
      };
    } catch (error) {
      return this.#undeliverable(record, event, faultOf(error));
    }
  }

  #map(event: DecodedEvent): PreparedRequest {
    const { name: target, mapping, timeoutMs } = this.#target;
    const { method, url, headers, body } = mapping.map(event);
    const { tenant, source, id } = event;
    const key = idempotencyKey({ tenant, target, source, id });
    return { method, url, headers: { ...headers, "idempotency-key": key }, body, timeoutMs };
  }

  #undeliverable(record: SourceRecord, envelope: Envelope | null, fault: Fault): Preparation {
    const event = this.#event(record, envelope, null);
    return { kind: "ready", verdict: { kind: "undeliverable", ...fault }, event };
  }

  #event(
    record: SourceRecord,
    envelope: Envelope | null,
    request: PreparedRequest | null,
  ): PreparedEvent {
    return {
      record: record.detached?.() ?? record,
      id: envelope?.id ?? null,
      source: envelope?.source ?? null,
      type: envelope?.type ?? null,
      tenant: envelope?.tenant ?? DEFAULT_TENANT,
      traceparent: envelope?.traceparent ?? null,
      tracestate: envelope?.tracestate ?? null,
      request,
      mappingRevision: this.#target.mappingRevision,
    };
  }
}

interface Fault {
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/**
 * What went wrong, without payload: only our own errors may be quoted. An unforeseen one dead-letters its event like any
 * other, so that no record can stop its partition by ending the process again and again.
 */
function faultOf(error: unknown): Fault {
  if (error instanceof MillraceError) return { reason: "MAPPING_FAILED", detail: error.message };
  const name = error instanceof Error ? error.name : typeof error;
  return { reason: "MAPPING_FAILED", detail: `mapping failed: unforeseen ${name}` };
}
