import {
  asTopic,
  MillraceError,
  type SinkRecord,
  type Span,
  type Telemetry,
  type TraceContext,
  NO_TELEMETRY,
} from "@millrace/engine";
import type { Catalog, EmitInput, EncodedEvent, Encoder } from "@millrace/schemas";
import { fromSchemaError } from "./emit-error.ts";
import type { EmitAttributes } from "./emitter.ts";
import type { EmitterLimits } from "./options.ts";
import { recordBytes } from "./record-size.ts";

/** An event of any type, not yet checked. */
export interface AnyEvent extends EmitAttributes {
  readonly type: string;
  readonly data: unknown;
}

/** A checked event as it will be written. */
export interface PreparedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly record: SinkRecord;
  /** Its size on the wire, rounded up. */
  readonly bytes: number;
  /** Its `send` span, open. */
  readonly span: Span;
}

/** What preparing needs of an emitter. */
export interface PreparerParts {
  readonly catalog: Catalog;
  readonly encoder: Encoder;
  readonly telemetry: Telemetry;
  readonly limits: Pick<EmitterLimits, "eventBytesMax">;
  readonly source: string | null;
}

/** Checks and encodes events, and begins their spans. Synchronous. */
export class EventPreparer {
  readonly #parts: PreparerParts;

  constructor(parts: PreparerParts) {
    this.#parts = parts;
  }

  /** @throws MillraceError `EMIT_INVALID`, `EMIT_UNKNOWN_TYPE`, `EMIT_TOO_LARGE`. */
  prepare(event: AnyEvent): PreparedEvent {
    const source = event.source ?? this.#parts.source ?? "";
    const span = this.#startSpan(event);
    try {
      const encoded = this.#parts.encoder.encode(this.#inputOf(event, { source, span }));
      const { id } = encoded;
      span.set({ "messaging.message.id": id });
      const record = recordOf(encoded);
      const bytes = this.#checkedBytes(record, event.type);
      return { id, source, type: event.type, record, bytes, span };
    } catch (error) {
      const known = fromSchemaError(error);
      span.end(known.code);
      throw known;
    }
  }

  #inputOf(
    { traceparent, tracestate, ...event }: AnyEvent,
    { source, span }: { readonly source: string; readonly span: Span },
  ): EmitInput {
    return { ...event, source, ...traceOf({ traceparent, tracestate }, span.context) };
  }

  #startSpan({ type, traceparent, tracestate }: AnyEvent): Span {
    const topic = this.#parts.catalog.types.get(type)?.topic.name;
    if (topic === undefined) return NO_SPAN;
    return this.#parts.telemetry.startSpan(`send ${topic}`, {
      kind: "producer",
      parent: traceparent === undefined ? null : { traceparent, tracestate: tracestate ?? null },
      attributes: () => ({
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": topic,
      }),
    });
  }

  #checkedBytes(record: SinkRecord, type: string): number {
    const bytes = recordBytes(record);
    const { eventBytesMax } = this.#parts.limits;
    if (bytes <= eventBytesMax) return bytes;
    const message = `event too large: ${type} (${bytes} bytes, at most ${eventBytesMax})`;
    throw new MillraceError("EMIT_TOO_LARGE", message, { details: { bytes, eventBytesMax } });
  }
}

const NO_SPAN: Span = NO_TELEMETRY.startSpan("", { kind: "internal" });

function recordOf({ topic, key, value, headers }: EncodedEvent): SinkRecord {
  return { topic: asTopic(topic), key, value, headers };
}

/** The trace context to write: the span's own, else the caller's. */
function traceOf(
  { traceparent, tracestate }: { readonly [name in keyof TraceContext]: string | undefined },
  context: TraceContext | null,
): Pick<EmitInput, "traceparent" | "tracestate"> {
  const parent = context?.traceparent ?? traceparent;
  // A state belongs to its parent: the span says whether the caller's was taken.
  const state = context === null ? tracestate : context.tracestate;
  return {
    ...(parent === undefined ? {} : { traceparent: parent }),
    ...(state === undefined || state === null ? {} : { tracestate: state }),
  };
}
