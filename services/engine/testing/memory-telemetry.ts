import type {
  Cancel,
  LogFields,
  Measurement,
  Span,
  SpanOptions,
  Telemetry,
  TraceContext,
} from "../src/ports.ts";

/** A span as it was reported. */
export interface ReportedSpan extends Omit<SpanOptions, "attributes"> {
  readonly attributes: Readonly<Record<string, unknown>> | undefined;
  readonly name: string;
  readonly context: TraceContext;
  readonly set: Record<string, unknown>;
  endCount: number;
  error: string | undefined;
}

/** Telemetry that remembers. */
export class MemoryTelemetry implements Telemetry {
  readonly measured: { readonly name: string; readonly value: number; readonly labels: unknown }[] =
    [];
  readonly gauges = new Map<string, () => Iterable<Measurement>>();
  readonly spans: ReportedSpan[] = [];
  readonly lines: {
    readonly level: string;
    readonly message: string;
    readonly fields: LogFields;
  }[] = [];

  counter(name: string): { add(value: number, labels?: unknown): void } {
    return { add: (value, labels) => this.measured.push({ name, value, labels }) };
  }

  histogram(name: string): { record(value: number, labels?: unknown): void } {
    return { record: (value, labels) => this.measured.push({ name, value, labels }) };
  }

  gauge(name: string, _description: string, observe: () => Iterable<Measurement>): Cancel {
    this.gauges.set(name, observe);
    return () => this.gauges.delete(name);
  }

  startSpan(name: string, options: SpanOptions): Span {
    const traceId = options.parent?.traceparent.split("-")[1] ?? "f".repeat(32);
    const spanId = String(this.spans.length + 1).padStart(16, "0");
    const context = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: null };
    const span: ReportedSpan = {
      ...options,
      attributes: options.attributes?.(),
      name,
      context,
      set: {},
      endCount: 0,
      error: undefined,
    };
    this.spans.push(span);
    return {
      context,
      set: (attributes) => Object.assign(span.set, attributes),
      end: (error) => {
        span.endCount += 1;
        span.error = error;
      },
    };
  }

  log(level: string, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }

  /** Values of a metric, with their labels. */
  valuesOf(name: string): { readonly value: number; readonly labels: unknown }[] {
    const gauge = [...(this.gauges.get(name)?.() ?? [])];
    const rest = this.measured.filter((one) => one.name === name);
    return [...gauge, ...rest].map(({ value, labels }) => ({ value, labels }));
  }
}
