import type { Meter, Observable, ObservableResult } from "@opentelemetry/api";
import type { Cancel, Counter, Histogram, Measurement, Telemetry } from "@millrace/engine";
import { SECONDS_BUCKETS } from "./metrics.ts";
import type { Tallies } from "./tallies.ts";

/** The metrics half of telemetry. */
export type Instruments = Pick<Telemetry, "counter" | "histogram" | "gauge">;

/** What measures. */
export interface InstrumentSources {
  /** For gauges: it asks when it is scraped. */
  readonly meter: Meter;
  readonly tallies: Tallies;
}

/** Instruments: one per name, however many ask for it; the first description holds. */
export function createInstruments(
  { meter, tallies }: InstrumentSources,
  onError: (error: unknown) => void,
): Instruments {
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const gauges = new Map<string, Observable>();
  return {
    counter: (name, description) => once(counters, name, () => tallies.counter(name, description)),
    histogram: (name, description) =>
      once(histograms, name, () => tallies.histogram(name, description, SECONDS_BUCKETS)),
    gauge(name, description, observe) {
      const gauge = once(gauges, name, () => meter.createObservableGauge(name, { description }));
      return observeWith(gauge, observe, onError);
    },
  };
}

function observeWith(
  gauge: Observable,
  observe: () => Iterable<Measurement>,
  onError: (error: unknown) => void,
): Cancel {
  const callback = (result: ObservableResult): void => {
    try {
      for (const { value, labels } of observe()) result.observe(value, labels);
    } catch (error) {
      // One broken gauge must not take the scrape down with it.
      onError(error);
    }
  };
  gauge.addCallback(callback);
  return () => gauge.removeCallback(callback);
}

function once<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made = make();
  known.set(name, made);
  return made;
}
