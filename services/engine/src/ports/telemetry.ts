import type { Cancel } from "./clock.ts";

/** Label values of a measurement. Never a key, an offset, an event id or a tenant. */
export type Labels = Readonly<Record<string, string | number>>;

/** A monotonic sum. */
export interface Counter {
  add(value: number, labels?: Labels): void;
}

/** A distribution; the unit stands in the metric's name. */
export interface Histogram {
  record(value: number, labels?: Labels): void;
}

/** One observed value of a gauge. */
export interface Measurement {
  readonly value: number;
  readonly labels?: Labels;
}

/** W3C trace context, as header values. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | null;
  /** The trace's part of `traceparent`, where whoever made it knows it by itself. */
  readonly traceId?: string;
}

/** How a span begins. */
export interface SpanOptions {
  readonly kind: "producer" | "consumer" | "client" | "server" | "internal";
  /** The remote or local parent; left out, a new trace begins. An invalid `traceparent` counts as none. */
  readonly parent?: TraceContext | null;
  /** Causes that are not the parent (replay, redrive, batches). */
  readonly links?: readonly TraceContext[];
  /** Asked only where the span is kept: most are ids that are passed on. */
  readonly attributes?: () => Readonly<Record<string, string | number | boolean>>;
}

/** An open span. */
export interface Span {
  /** This span's context to pass on, or null when nothing is recorded or propagated. */
  readonly context: TraceContext | null;
  set(attributes: Readonly<Record<string, string | number | boolean>>): void;
  /** Ends the span, once; `error` is the `error.type` of a failed one. */
  end(error?: string): void;
}

/** Severity of a log line. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Fields of a log line; secrets and payloads never go in. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the parts report to. Every call is cheap and never throws. */
export interface Telemetry {
  counter(name: string, description: string): Counter;
  /** @param name ends in its unit, e.g. `millrace.delivery.latency.seconds`. */
  histogram(name: string, description: string): Histogram;
  /** Observed at each scrape. */
  gauge(name: string, description: string, observe: () => Iterable<Measurement>): Cancel;
  startSpan(name: string, options: SpanOptions): Span;
  log(level: LogLevel, message: string, fields?: LogFields): void;
}
