/** What every `Telemetry` keeps: the one that goes nowhere, and OpenTelemetry's, passed on, recorded and turned off. */
import { NO_TELEMETRY, type Telemetry } from "@millrace/engine";
import { createTelemetry, parseTraceparent } from "@millrace/telemetry";
import { describe, expect, it, onTestFinished } from "vitest";

const PARENT = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
};

/** What was written to the console while a test ran. */
function watchConsole(): string[] {
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const original = stream.write.bind(stream);
    stream.write = (chunk: Uint8Array | string): boolean => {
      written.push(String(chunk));
      return true;
    };
    onTestFinished(() => {
      stream.write = original;
    });
  }
  return written;
}

const overOpenTelemetry = (env: Record<string, string>) => async (): Promise<Telemetry> => {
  const telemetry = await createTelemetry({
    serviceName: "millrace-test",
    serviceVersion: "0",
    logLevel: "debug",
    logDestination: { write: () => undefined },
    env,
  });
  // Nobody takes the spans in, and nobody need wait for that.
  onTestFinished(() => telemetry.shutdown(10));
  return telemetry;
};

describe.each<[string, () => Promise<Telemetry>]>([
  ["that goes nowhere", () => Promise.resolve(NO_TELEMETRY)],
  ["of OpenTelemetry, passed on", overOpenTelemetry({})],
  ["of OpenTelemetry, recorded", overOpenTelemetry({ OTEL_TRACES_EXPORTER: "otlp" })],
  ["of OpenTelemetry, turned off", overOpenTelemetry({ OTEL_SDK_DISABLED: "true" })],
])("telemetry %s", (_, setup) => {
  it("never throws and never writes to the console, whatever it is told", async () => {
    const telemetry = await setup();
    const written = watchConsole();

    const counter = telemetry.counter("millrace.ingest.events", "events");
    counter.add(1);
    counter.add(-1, { outcome: "odd" });
    counter.add(Number.NaN);
    telemetry.histogram("millrace.delivery.latency.seconds", "age").record(Number.NaN, {});
    telemetry.histogram("millrace.delivery.latency.seconds", "again").record(-1);
    const span = telemetry.startSpan("", { kind: "internal", attributes: () => ({ "": "" }) });
    span.set({ a: 1 });
    span.end("ERROR");
    span.set({ b: 2 });
    span.end();
    telemetry.log("error", "message", { error: new Error("x"), nothing: undefined, n: 1n });

    expect(written).toEqual([]);
  });

  it("lets a gauge be cancelled, twice", async () => {
    const telemetry = await setup();
    const cancel = telemetry.gauge("millrace.inflight", "in flight", () => [{ value: 1 }]);

    cancel();
    cancel();
  });

  it("gives spans a context of their own in their parent's trace, or none at all", async () => {
    const telemetry = await setup();
    const child = telemetry.startSpan("a", { kind: "consumer", parent: PARENT });
    const grandchild = telemetry.startSpan("b", { kind: "client", parent: child.context });

    const contexts = [child, grandchild].map(({ context }) => context);
    for (const span of [grandchild, child]) span.end();
    if (contexts.includes(null)) {
      expect(contexts).toEqual([null, null]);
      return;
    }
    const parsed = contexts.map((context) => parseTraceparent(context?.traceparent ?? ""));
    expect(parsed).toMatchObject([
      { traceId: "0af7651916cd43dd8448eb211c80319c", isSampled: true },
      { traceId: "0af7651916cd43dd8448eb211c80319c", isSampled: true },
    ]);
    expect(new Set(["b7ad6b7169203331", ...parsed.map((one) => one?.spanId)]).size).toBe(3);
    expect(contexts.map((context) => context?.tracestate)).toEqual(["vendor=1", "vendor=1"]);
  });

  it.each(["", "garbage", "00-00000000000000000000000000000000-b7ad6b7169203331-01"])(
    "begins a new trace where the parent is %j",
    async (traceparent) => {
      const telemetry = await setup();
      const parent = { traceparent, tracestate: "vendor=1" };

      const { context } = telemetry.startSpan("a", { kind: "server", parent, links: [parent] });

      if (context === null) return;
      expect(parseTraceparent(context.traceparent)).not.toBeNull();
      expect(context.tracestate).toBeNull();
    },
  );
});
