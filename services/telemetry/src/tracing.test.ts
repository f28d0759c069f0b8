import { describe, expect, it } from "vitest";
import {
  INVALID_SPAN_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from "@opentelemetry/api";
import { parseTraceparent } from "./trace-context.ts";
import { propagateSpans, recordSpans } from "./tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: "a=1,b=2" };

describe("spans that are only passed on", () => {
  const startSpan = propagateSpans((parent) => parent?.isSampled ?? true);

  it("stay in their parent's trace under an id of their own", () => {
    const { context } = startSpan("send users", { kind: "producer", parent: PARENT });

    const parsed = parseTraceparent(context?.traceparent ?? "");
    expect(parsed).toMatchObject({ traceId: TRACE, isSampled: true });
    expect(parsed?.spanId).not.toBe("b7ad6b7169203331");
    expect(context?.tracestate).toBe("a=1,b=2");
  });

  it("begin a trace where the parent is missing or broken, without its tracestate", () => {
    const broken = startSpan("a", { kind: "server", parent: { ...PARENT, traceparent: "x" } });
    const missing = startSpan("a", { kind: "server" });

    for (const { context } of [broken, missing]) {
      expect(parseTraceparent(context?.traceparent ?? "")).not.toBeNull();
      expect(context?.traceparent).not.toContain(TRACE);
      expect(context?.tracestate).toBeNull();
    }
  });
});

describe("spans below spans that are only passed on", () => {
  it("stay in the trace, sampled as their parent is, and ask nobody for attributes", () => {
    const startSpan = propagateSpans((parent) => parent?.isSampled ?? true);
    const unsampled = { ...PARENT, traceparent: PARENT.traceparent.replace(/01$/u, "00") };
    const attributes = (): never => {
      throw new Error("nobody keeps them");
    };

    const outer = startSpan("process", { kind: "consumer", parent: unsampled, attributes });
    const inner = startSpan("POST", { kind: "client", parent: outer.context, attributes });

    const [one, other] = [outer, inner].map(({ context }) =>
      parseTraceparent(context?.traceparent ?? ""),
    );
    expect(other).toMatchObject({ traceId: TRACE, isSampled: false });
    expect(other?.spanId).not.toBe(one?.spanId);
    expect(inner.context?.tracestate).toBe("a=1,b=2");
  });
});

interface Recording {
  readonly tracer: Tracer;
  readonly log: string[];
  readonly options: () => SpanOptions;
  readonly parent: () => SpanContext | undefined;
}

/** A tracer that writes down what is asked of it; its span passes the parent's tracestate on, as the SDK's does. */
function recordingTracer(): Recording {
  const log: string[] = [];
  let asked: { options: SpanOptions; parent: SpanContext | undefined } | undefined;
  const startSpan = (name: string, options: SpanOptions = {}, context?: Context): Span => {
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    asked = { options, parent };
    log.push(`start ${name}`);
    const span: Span = {
      ...trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
      spanContext: () => ({
        traceId: TRACE,
        spanId: "1".repeat(16),
        traceFlags: 1,
        ...(parent?.traceState === undefined ? {} : { traceState: parent.traceState }),
      }),
      setAttribute: (key, value) => (log.push(`${key}=${String(value)}`), span),
      setAttributes: (attributes) => (log.push(JSON.stringify(attributes)), span),
      setStatus: ({ code }) => (log.push(`status ${SpanStatusCode[code]}`), span),
      end: () => void log.push("end"),
    };
    return span;
  };
  const tracer: Tracer = {
    startSpan,
    startActiveSpan: () => {
      throw new Error("ambient spans are not used");
    },
  };
  return { tracer, log, options: () => asked?.options ?? {}, parent: () => asked?.parent };
}

describe("spans that are recorded", () => {
  it("hand parent, links and attributes to the tracer and its context on", () => {
    const { tracer, options, parent } = recordingTracer();

    const span = recordSpans(tracer)("process users", {
      kind: "consumer",
      parent: PARENT,
      links: [PARENT, { traceparent: "broken", tracestate: null }],
      attributes: () => ({ "messaging.system": "kafka" }),
    });

    expect(parent()).toMatchObject({ traceId: TRACE, isRemote: true, traceFlags: 1 });
    expect(options().links).toHaveLength(1);
    expect(options().attributes).toEqual({ "messaging.system": "kafka" });
    expect(span.context).toEqual({
      traceparent: `00-${TRACE}-${"1".repeat(16)}-01`,
      tracestate: "a=1,b=2",
    });
  });

  it("end once, and failed ones say why", () => {
    const { tracer, log } = recordingTracer();
    const span = recordSpans(tracer)("PUT", { kind: "client" });

    span.set({ "http.response.status_code": 503 });
    span.end("503");
    span.end();
    span.set({ late: true });

    expect(log).toEqual([
      "start PUT",
      '{"http.response.status_code":503}',
      "error.type=503",
      "status ERROR",
      "end",
    ]);
  });
});
