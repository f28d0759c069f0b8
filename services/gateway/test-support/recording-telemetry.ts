import type { Labels, LogFields, SpanOptions, Telemetry } from "@millrace/engine";

/** Telemetry that keeps what it is told. */
export class RecordingTelemetry implements Telemetry {
  readonly counts: { readonly name: string; readonly value: number; readonly labels: Labels }[] =
    [];
  readonly durations: Labels[] = [];
  readonly spans: { readonly name: string; readonly options: SpanOptions; ended: boolean }[] = [];
  readonly lines: { readonly message: string; readonly fields: LogFields }[] = [];

  counter(name: string): ReturnType<Telemetry["counter"]> {
    return { add: (value, labels = {}) => void this.counts.push({ name, value, labels }) };
  }

  histogram(): ReturnType<Telemetry["histogram"]> {
    return { record: (_value, labels = {}) => void this.durations.push(labels) };
  }

  gauge(): ReturnType<Telemetry["gauge"]> {
    return () => undefined;
  }

  startSpan(name: string, options: SpanOptions): ReturnType<Telemetry["startSpan"]> {
    const span = { name, options, ended: false };
    this.spans.push(span);
    const id = String(this.spans.length).padStart(16, "0");
    const trace = options.parent?.traceparent.split("-")[1] ?? "f".repeat(32);
    return {
      context: {
        traceparent: `00-${trace}-${id}-01`,
        tracestate: options.parent?.tracestate ?? null,
      },
      set: () => undefined,
      end: () => void (span.ended = true),
    };
  }

  log(_level: string, message: string, fields: LogFields = {}): void {
    this.lines.push({ message, fields });
  }
}
