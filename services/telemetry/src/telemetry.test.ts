import { describe, expect, it, onTestFinished } from "vitest";
import { createTelemetry, type AppTelemetry } from "./telemetry.ts";

interface Bundle {
  readonly telemetry: AppTelemetry;
  /** The log lines, parsed. */
  readonly lines: () => Record<string, unknown>[];
}

async function setup(env: Record<string, string> = {}): Promise<Bundle> {
  const written: string[] = [];
  const telemetry = await createTelemetry({
    serviceName: "millrace-test",
    serviceVersion: "1.2.3",
    logLevel: "info",
    logDestination: { write: (line: string) => void written.push(line) },
    env,
  });
  onTestFinished(() => telemetry.shutdown());
  const parse = (line: string): Record<string, unknown> => {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  };
  return { telemetry, lines: () => written.map(parse) };
}

describe("metrics", () => {
  it("print counters with _total and histograms with their unit", async () => {
    const { telemetry } = await setup();

    telemetry.counter("millrace.delivery.attempts", "calls").add(2, { target: "crm" });
    telemetry.histogram("millrace.delivery.latency.seconds", "age").record(0.2, { target: "crm" });
    telemetry.histogram("http.client.request.duration.seconds", "call").record(45);

    const text = await telemetry.renderMetrics();
    expect(text).toContain('millrace_delivery_attempts_total{target="crm"} 2\n');
    expect(text).toContain('millrace_delivery_latency_seconds_bucket{target="crm",le="0.25"} 1\n');
    expect(text).toContain('http_client_request_duration_seconds_bucket{le="30"} 0\n');
    expect(text).toContain('http_client_request_duration_seconds_bucket{le="60"} 1\n');
    expect(text.endsWith("\n")).toBe(true);
  });

  it("name service and version, and nothing of the process or its machine", async () => {
    const { telemetry } = await setup();

    const text = await telemetry.renderMetrics();

    expect(text).toContain('millrace_build_info{version="1.2.3",service="millrace-test"} 1');
    expect(text).toContain('service_version="1.2.3"');
    expect(text).not.toMatch(/process_|host_|command|\.ts|node_modules/u);
  });

  it("observe a gauge for all who ask for it, until they cancel", async () => {
    const { telemetry } = await setup();
    const gauge = (target: string) =>
      telemetry.gauge("millrace.inflight", "in flight", () => [{ value: 3, labels: { target } }]);

    const cancel = gauge("crm");
    gauge("audit");
    cancel();

    const text = await telemetry.renderMetrics();
    expect(text).toContain('millrace_inflight{target="audit"} 3');
    expect(text).not.toContain("crm");
  });

  it("tell nothing more of what a gauge no longer sees", async () => {
    const { telemetry } = await setup();
    const owned = [0, 1];
    telemetry.gauge("millrace.consumer.lag", "lag", () =>
      owned.map((partition) => ({ value: 5, labels: { partition } })),
    );
    const before = await telemetry.renderMetrics();

    owned.pop();

    const text = await telemetry.renderMetrics();
    expect(before).toContain('millrace_consumer_lag{partition="1"} 5');
    expect(text).toContain('millrace_consumer_lag{partition="0"} 5');
    expect(text).not.toContain('partition="1"');
  });

  it("survive a gauge that throws, and say so in the log", async () => {
    const { telemetry, lines } = await setup();
    telemetry.gauge("millrace.consumer.lag", "lag", () => {
      throw new Error("no view");
    });
    telemetry.counter("millrace.ingest.events", "events").add(1);

    const text = await telemetry.renderMetrics();

    expect(text).toContain("millrace_ingest_events_total 1");
    expect(lines()[0]).toMatchObject({ level: "warn", error: { message: "no view" } });
  });
});

describe("log lines", () => {
  it("are JSON with level, time, service, fields and message", async () => {
    const { telemetry, lines } = await setup();

    telemetry.log("info", "attempt failed", { target: "crm", offset: 7 });

    const [line] = lines();
    expect(line).toMatchObject({
      level: "info",
      service: "millrace-test",
      target: "crm",
      offset: 7,
      msg: "attempt failed",
    });
    expect(line?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/u);
  });

  it("below the level are left out", async () => {
    const { telemetry, lines } = await setup();

    telemetry.log("debug", "quiet");

    expect(lines()).toEqual([]);
  });

  it("show an error's name, code and message, never its stack or what hangs on it", async () => {
    const { telemetry, lines } = await setup();
    const error = Object.assign(new TypeError("refused"), {
      code: "ECONNREFUSED",
      config: { headers: { authorization: "Bearer canary" } },
    });

    telemetry.log("warn", "call failed", { error });

    expect(lines()[0]?.["error"]).toEqual({
      name: "TypeError",
      code: "ECONNREFUSED",
      message: "refused",
    });
  });

  it("never throw, whatever the fields", async () => {
    const { telemetry, lines } = await setup();
    const hostile = {
      get field(): string {
        throw new Error("getter");
      },
    };

    telemetry.log("info", "still here", hostile);

    expect(lines()[0]).toMatchObject({ msg: "still here" });
  });

  it("keep forged line breaks inside their field", async () => {
    const { telemetry, lines } = await setup();

    telemetry.log("info", "a", { key: 'x\n{"level":"error"}' });

    expect(lines()).toHaveLength(1);
  });
});

describe("OTEL_SDK_DISABLED", () => {
  it("turns metrics and spans off and leaves the log", async () => {
    const { telemetry, lines } = await setup({ OTEL_SDK_DISABLED: "true" });

    telemetry.counter("millrace.ingest.events", "events").add(1);
    telemetry.log("info", "here");

    expect(await telemetry.renderMetrics()).not.toContain("millrace_");
    expect(telemetry.startSpan("a", { kind: "internal" }).context).toBeNull();
    expect(lines()).toHaveLength(1);
  });
});

it("passes spans on without exporting them when no place for them is named", async () => {
  const { telemetry } = await setup({ OTEL_TRACES_EXPORTER: "none" });

  const { context } = telemetry.startSpan("a", { kind: "internal" });

  expect(context?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/u);
});

it("shuts down twice without complaint", async () => {
  const { telemetry, lines } = await setup();

  await telemetry.shutdown();
  await telemetry.shutdown();

  telemetry.counter("millrace.ingest.events", "events").add(1);
  expect(lines()).toEqual([]);
});
