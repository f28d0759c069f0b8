import type { Span, Telemetry } from "@millrace/engine";

const nothing = (): void => undefined;

/** A span that neither records nor propagates. */
export const NOOP_SPAN: Span = Object.freeze({ context: null, set: nothing, end: nothing });

/** Telemetry that goes nowhere: for libraries without one, and for tests. */
export function createNoopTelemetry(): Telemetry {
  return {
    counter: () => ({ add: nothing }),
    histogram: () => ({ record: nothing }),
    gauge: () => nothing,
    startSpan: () => NOOP_SPAN,
    log: nothing,
  };
}
