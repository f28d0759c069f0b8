import type { Telemetry } from "@millrace/engine";

const nothing = (): void => undefined;

/** Reports to nobody: for short-lived readers and questions of the command line. */
export const NO_TELEMETRY: Telemetry = {
  counter: () => ({ add: nothing }),
  histogram: () => ({ record: nothing }),
  gauge: () => nothing,
  startSpan: () => ({ context: null, set: nothing, end: nothing }),
  log: nothing,
};
