export { METRICS, SECONDS_BUCKETS } from "./metrics.ts";
export type { MetricName } from "./metrics.ts";
export { createTelemetry } from "./telemetry.ts";
export type { AppTelemetry, TelemetryOptions } from "./telemetry.ts";
export { formatTraceparent, parseTraceparent } from "./trace-context.ts";
export type { TraceParent } from "./trace-context.ts";
