import type { Telemetry } from "./telemetry.ts";

const nothing = (): void => undefined;
const NO_SPAN = Object.freeze({ context: null, set: nothing, end: nothing });

/** Telemetry that goes nowhere: for libraries and short-lived readers that are given none, and for tests. */
export const NO_TELEMETRY: Telemetry = Object.freeze({
  counter: () => ({ add: nothing }),
  histogram: () => ({ record: nothing }),
  gauge: () => nothing,
  startSpan: () => NO_SPAN,
  log: nothing,
});
