/** The OpenTelemetry SDK of one process: a meter that is scraped, and a tracer when somebody wants the spans. */
import {
  context,
  diag,
  propagation,
  trace,
  DiagLogLevel,
  type DiagLogger,
  type Meter,
  type Tracer,
} from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
  type Resource,
} from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { Log } from "./log.ts";
import { ScrapeReader } from "./scrape-reader.ts";
import { Tallies } from "./tallies.ts";

/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the process is called. */
export interface ServiceIdentity {
  readonly serviceName: string;
  readonly serviceVersion: string;
}

/** A started SDK. */
export interface Sdk {
  readonly meter: Meter;
  readonly tallies: Tallies;
  /** Null when spans are exported nowhere. */
  readonly tracer: Tracer | null;
  /** All metrics in Prometheus text format 0.0.4. */
  renderMetrics(): Promise<string>;
  /** Sends what is left and ends the SDK. */
  shutdown(): Promise<void>;
}

const SCOPE = "millrace";

/** True when `OTEL_SDK_DISABLED` says so: no traces, no metrics. */
export function isSdkDisabled(env: Environment): boolean {
  return env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true";
}

/** True when a place for spans is named; without one OpenTelemetry would knock at localhost for ever. */
export function exportsTraces(env: Environment): boolean {
  const exporter = env["OTEL_TRACES_EXPORTER"] ?? "";
  if (exporter !== "") return exporter !== "none";
  const endpoint =
    env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "";
  return endpoint !== "";
}

/**
 * Starts the SDK. Its own words go to `log` as `telemetry:` lines, never to the console. Exporters read their settings
 * (`OTEL_EXPORTER_OTLP_*`, `OTEL_BSP_*`, `OTEL_TRACES_SAMPLER`) from the process's environment.
 */
export async function startSdk(
  identity: ServiceIdentity,
  env: Environment,
  log: Log,
): Promise<Sdk> {
  const resource = describe(identity);
  const scope = { name: SCOPE, version: identity.serviceVersion };
  const tallies = new Tallies(scope);
  const reader = new ScrapeReader(tallies);
  const meterProvider = new MeterProvider({ resource, readers: [reader] });
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const tracing = exportsTraces(env) ? await startTracing(resource) : null;
  routeDiagnostics(log);
  return {
    meter: meterProvider.getMeter(scope.name, scope.version),
    tallies,
    tracer: tracing === null ? null : trace.getTracer(scope.name, scope.version),
    async renderMetrics() {
      const { resourceMetrics, errors } = await reader.collect();
      for (const error of errors) log("warn", "telemetry: a metric was not read", { error });
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`;
    },
    async shutdown() {
      await Promise.allSettled([meterProvider.shutdown(), tracing?.shutdown()]);
      for (const api of [trace, context, propagation, diag]) api.disable();
    },
  };
}

/** Name, version and what `OTEL_RESOURCE_ATTRIBUTES` adds; no process detector, which publishes the command line. */
function describe({ serviceName, serviceVersion }: ServiceIdentity): Resource {
  return defaultResource()
    .merge(
      resourceFromAttributes({ "service.name": serviceName, "service.version": serviceVersion }),
    )
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
}

/** Loaded only here: its exporters (gRPC among them) cost 10 MB and 150 ms that most processes need not pay. */
async function startTracing(resource: Resource): Promise<{ shutdown(): Promise<void> }> {
  const { startNodeSdk } = await import("@opentelemetry/sdk-node");
  return startNodeSdk({
    logLevel: "none",
    baseResource: resource,
    resourceDetectors: [],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
}

function routeDiagnostics(log: Log): void {
  const line =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string): void =>
      log(level, `telemetry: ${firstWords(message)}`);
  const logger: DiagLogger = {
    verbose: line("debug"),
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** Exporters hand an error over as a JSON text with its stack; its message is enough. */
function firstWords(message: string): string {
  if (!message.startsWith("{")) return message;
  try {
    const parsed: unknown = JSON.parse(message);
    const isError = typeof parsed === "object" && parsed !== null && "message" in parsed;
    return isError ? String(parsed.message) : message;
  } catch {
    return message;
  }
}
