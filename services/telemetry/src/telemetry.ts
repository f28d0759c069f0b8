import { createNoopMeter } from "@opentelemetry/api";
import { NO_TELEMETRY, type LogLevel, type Telemetry } from "@millrace/engine";
import type { DestinationStream } from "pino";
import { createInstruments } from "./instruments.ts";
import { createLog, logTo } from "./log.ts";
import { METRICS } from "./metrics.ts";
import { createSampling } from "./sampling.ts";
import { isSdkDisabled, startSdk, type Environment, type Sdk } from "./sdk.ts";
import { Tallies } from "./tallies.ts";
import { propagateSpans, recordSpans, type StartSpan } from "./tracing.ts";

/** How an app reports. */
export interface TelemetryOptions {
  /** E.g. `millrace-gateway`; `OTEL_RESOURCE_ATTRIBUTES` may overrule it. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Lines below it are left out. */
  readonly logLevel: LogLevel;
  /** Default: `stdout`. A stream is for tests. */
  readonly logDestination?: "stdout" | "stderr" | DestinationStream;
  /** The process's environment: `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER`, `OTEL_EXPORTER_OTLP_*ENDPOINT`, `OTEL_TRACES_SAMPLER*`. */
  readonly env: Environment;
}

/** Telemetry of one process, with what an app needs besides the port. */
export interface AppTelemetry extends Telemetry {
  /** All metrics in Prometheus text format 0.0.4. */
  renderMetrics(): Promise<string>;
  /** Sends what is left, at most for `timeoutMs` (default 5,000); the last step of a shutdown. Idempotent. */
  shutdown(timeoutMs?: number): Promise<void>;
}

const SHUTDOWN_TIMEOUT_MS = 5_000;

/**
 * Starts metrics, traces and JSON log lines. Spans are exported when the environment names a place for them; otherwise
 * they only carry ids on. `OTEL_SDK_DISABLED=true` leaves the log alone.
 */
export async function createTelemetry(options: TelemetryOptions): Promise<AppTelemetry> {
  const { serviceName, serviceVersion, logLevel, logDestination = "stdout", env } = options;
  const destination = typeof logDestination === "string" ? logTo(logDestination) : logDestination;
  const log = createLog({ serviceName, level: logLevel, destination });
  const sdk = isSdkDisabled(env)
    ? DISABLED
    : await startSdk({ serviceName, serviceVersion }, env, log);
  const instruments = createInstruments(sdk, (error) =>
    log("warn", "telemetry: a gauge was not read", { error }),
  );
  const buildInfo = "millrace.build.info";
  instruments.gauge(buildInfo, METRICS[buildInfo], () => [
    { value: 1, labels: { version: serviceVersion, service: serviceName } },
  ]);
  let ending: Promise<void> | null = null;
  return {
    ...instruments,
    startSpan: spansOf(sdk, env),
    log,
    renderMetrics: () => sdk.renderMetrics(),
    shutdown: (timeoutMs = SHUTDOWN_TIMEOUT_MS) => (ending ??= atMost(timeoutMs, sdk.shutdown())),
  };
}

const DISABLED: Sdk = {
  meter: createNoopMeter(),
  tallies: new Tallies({ name: "", version: "" }),
  tracer: null,
  renderMetrics: () => Promise.resolve("# metrics are off: OTEL_SDK_DISABLED\n"),
  shutdown: () => Promise.resolve(),
};

function spansOf(sdk: Sdk, env: Environment): StartSpan {
  if (sdk === DISABLED) return (name, options) => NO_TELEMETRY.startSpan(name, options);
  return sdk.tracer === null ? propagateSpans(createSampling(env)) : recordSpans(sdk.tracer);
}

/** Waits for `work`, but no longer than `timeoutMs`; the timer keeps no process alive. */
async function atMost(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
