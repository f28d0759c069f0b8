import type { Telemetry } from "@millrace/engine";

const nothing = (): void => undefined;

/** Telemetry of an emitter that was given none: a library stays silent. */
export const SILENT_TELEMETRY: Telemetry = {
  counter: () => ({ add: nothing }),
  histogram: () => ({ record: nothing }),
  gauge: () => nothing,
  startSpan: () => ({ context: null, set: nothing, end: nothing }),
  log: nothing,
};
