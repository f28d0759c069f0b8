/** Two ways to make spans: passed on only, or recorded by an OpenTelemetry tracer. */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Span as ApiSpan,
  type SpanContext,
  type TraceState,
  type Tracer,
} from "@opentelemetry/api";
import type { Span, SpanOptions, TraceContext } from "@millrace/engine";
import type { SampledTrace, Sampling } from "./sampling.ts";
import { IdSource, formatTraceparent, parseTraceparent } from "./trace-context.ts";

/** Begins spans. */
export type StartSpan = (name: string, options: SpanOptions) => Span;

/** Spans of which nothing is kept but their ids: for propagation when nobody exports. */
export function propagateSpans(sampling: Sampling): StartSpan {
  const ids = new IdSource();
  return (_name, { parent }) => {
    const above = isGiven(parent) ? traceOf(parent) : null;
    const traceId = above?.traceId ?? ids.traceId();
    const own = { traceId, isSampled: sampling(above, traceId) };
    return new PassedSpan(ids, own, above === null ? null : (parent?.tracestate ?? null));
  };
}

/**
 * A span that is its own context, which is text only where it leaves the process: one that has children alone needs no id, and
 * theirs is made of its parts.
 */
class PassedSpan implements Span, TraceContext {
  readonly traceId: string;
  readonly isSampled: boolean;
  readonly tracestate: string | null;
  readonly #ids: IdSource;
  #text: string | null = null;

  constructor(ids: IdSource, { traceId, isSampled }: SampledTrace, tracestate: string | null) {
    this.traceId = traceId;
    this.isSampled = isSampled;
    this.tracestate = tracestate;
    this.#ids = ids;
  }

  get context(): TraceContext {
    return this;
  }

  get traceparent(): string {
    const { traceId, isSampled } = this;
    this.#text ??= formatTraceparent({ traceId, isSampled, spanId: this.#ids.spanId() });
    return this.#text;
  }

  set(): void {
    // Nobody asks for it.
  }

  end(): void {
    // Nobody asks for it.
  }
}

function traceOf(context: TraceContext): SampledTrace | null {
  return context instanceof PassedSpan ? context : parseTraceparent(context.traceparent);
}

const KINDS = {
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
} as const;

/** Spans that `tracer` records, each with the parent it is given: never an ambient one. */
export function recordSpans(tracer: Tracer): StartSpan {
  return (name, { kind, parent, links, attributes }) => {
    const remote = isGiven(parent) ? toSpanContext(parent) : null;
    const context = remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
    const causes = (links ?? []).flatMap((link) => toSpanContext(link) ?? []);
    const span = tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        links: causes.map((cause) => ({ context: cause })),
        attributes: { ...attributes?.() },
      },
      context,
    );
    return recordedSpan(span);
  };
}

function recordedSpan(span: ApiSpan): Span {
  let hasEnded = false;
  return {
    context: toTraceContext(span.spanContext()),
    set(attributes) {
      if (!hasEnded) span.setAttributes(attributes);
    },
    end(error) {
      if (hasEnded) return;
      hasEnded = true;
      if (error !== undefined) {
        span.setAttribute("error.type", error);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function isGiven(parent: TraceContext | null | undefined): parent is TraceContext {
  return parent !== null && parent !== undefined;
}

function toSpanContext({ traceparent, tracestate }: TraceContext): SpanContext | null {
  const parsed = parseTraceparent(traceparent);
  if (parsed === null) return null;
  const { traceId, spanId, isSampled } = parsed;
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === null ? {} : { traceState: opaqueState(tracestate) }),
  };
}

/** A `tracestate` that travels on as it came; the SDK only hands it from parent to child. */
function opaqueState(text: string): TraceState {
  const state: TraceState = {
    get: () => undefined,
    set: () => state,
    unset: () => state,
    serialize: () => text,
  };
  return state;
}

function toTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  const tracestate = traceState?.serialize() ?? "";
  return {
    traceparent: formatTraceparent({ traceId, spanId, isSampled }),
    tracestate: tracestate === "" ? null : tracestate,
  };
}
