/**
 * Compares the healthy of a faulted span with those of the clean stretches around it: the p99 of each slice, and of
 * these the median. One hiccup of the machine is one slice of many on either side; what lasts moves most of them.
 */
import { median, medianInterval, p99, type Interval } from "./percentile.ts";
import { slicesOf, type Window } from "./window.ts";

/** Slices are so long, ms. */
export const SLICE_MS = 5_000;
/** With fewer events a slice has no p99 to speak of. */
const SLICE_EVENTS_MIN = 500;
/** With fewer slices a side has no median to speak of. */
const SLICES_MIN = 6;
/** Clean stretches that differ by more tell of the machine. */
const DRIFT_RATIO_MAX = 1.5;

/** A delivery of the healthy. */
export interface TimedDelivery {
  /** When its event was appended to the log: what waits is charged to the time in which it began to wait. */
  readonly loggedAt: number;
  readonly latencyMs: number;
}

/** What is compared. */
export interface ComparedSpans {
  readonly deliveries: readonly TimedDelivery[];
  /** In which nothing is wrong. */
  readonly clean: readonly Window[];
  /** From the first moment of the fault to its last. */
  readonly faulted: Window;
  /** When events were given up: a slice with one is not clean. */
  readonly givenUpAt: readonly number[];
}

/** What came of it, ms. */
export interface SliceComparison {
  readonly cleanMs: number;
  readonly faultedMs: number;
  /** Where they lie, with what one slice differs from the next. */
  readonly cleanRange: Interval;
  readonly faultedRange: Interval;
  /** Of the fault's first slice. */
  readonly firstMs: number;
  /** Why it says nothing; null: it does. */
  readonly doubt: string | null;
}

/** Compares them. */
export function compareSlices(spans: ComparedSpans): SliceComparison {
  const { deliveries, clean, faulted, givenUpAt } = spans;
  const stretches = clean
    .map((stretch) =>
      slicesOf(stretch, SLICE_MS).filter(
        (slice) => !givenUpAt.some((at) => at >= slice.from && at < slice.to),
      ),
    )
    .map((slices) => p99s(slices, deliveries))
    .filter((figures) => figures.length > 0);
  const cleanFigures = stretches.flat();
  const faultedSlices = slicesOf(faulted, SLICE_MS);
  const faultedFigures = p99s(faultedSlices, deliveries);
  return {
    cleanMs: median(cleanFigures),
    faultedMs: median(faultedFigures),
    cleanRange: medianInterval(cleanFigures),
    faultedRange: medianInterval(faultedFigures),
    firstMs: p99(faultedSlices.slice(0, 1).flatMap((slice) => latenciesIn(slice, deliveries))),
    doubt:
      fewSlices("clean", cleanFigures) ?? fewSlices("faulted", faultedFigures) ?? drift(stretches),
  };
}

function p99s(slices: readonly Window[], deliveries: readonly TimedDelivery[]): readonly number[] {
  return slices
    .map((slice) => latenciesIn(slice, deliveries))
    .filter(({ length }) => length >= SLICE_EVENTS_MIN)
    .map(p99);
}

function latenciesIn({ from, to }: Window, deliveries: readonly TimedDelivery[]): number[] {
  return deliveries
    .filter(({ loggedAt }) => loggedAt >= from && loggedAt < to)
    .map(({ latencyMs }) => latencyMs);
}

function fewSlices(side: string, { length }: readonly number[]): string | null {
  if (length >= SLICES_MIN) return null;
  return `${length} ${side} slices of ${SLICE_EVENTS_MIN} events, ${SLICES_MIN} are needed`;
}

function drift(stretches: readonly (readonly number[])[]): string | null {
  const medians = stretches.map(median);
  const [lowest, highest] = [Math.min(...medians), Math.max(...medians)];
  if (highest <= lowest * DRIFT_RATIO_MAX) return null;
  return `a p99 of ${lowest.toFixed(0)} to ${highest.toFixed(0)} ms in the clean stretches`;
}
