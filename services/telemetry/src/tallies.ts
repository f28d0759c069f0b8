/**
 * Counters and histograms that are counted in place and read when metrics are scraped, where the SDK's own take every
 * measurement's labels apart: sorted, as JSON text, a microsecond each. Labels are looked up by the object they come in, so
 * whoever measures often hands in the same one.
 */
import { ValueType, type Attributes, type HrTime } from "@opentelemetry/api";
import type { Counter, Histogram, Labels } from "@millrace/engine";
import { defaultResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type DataPoint,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";

/** Combinations of labels that one instrument tells apart; what comes beyond is told together, as by the SDK. */
const SERIES_MAX = 2_000;
const OVERFLOW: Labels = { "otel.metric.overflow": "true" };
const NO_LABELS: Labels = {};

/** Counted values, as a source of metrics for the SDK's reader. */
export class Tallies implements MetricProducer {
  readonly #scope: { readonly name: string; readonly version: string };
  readonly #startTime = timeOf(Date.now());
  readonly #instruments = new Map<string, SumTally | HistogramTally>();

  constructor(scope: { readonly name: string; readonly version: string }) {
    this.#scope = scope;
  }

  /** A sum that only grows. */
  counter(name: string, description: string): Counter {
    const tally = new SumTally({ name, description });
    this.#instruments.set(name, tally);
    return tally;
  }

  /** Values by buckets with these inclusive upper bounds, ascending. */
  histogram(name: string, description: string, bounds: readonly number[]): Histogram {
    const tally = new HistogramTally({ name, description }, bounds);
    this.#instruments.set(name, tally);
    return tally;
  }

  /** @inheritdoc */
  collect(): Promise<CollectionResult> {
    const span = { startTime: this.#startTime, endTime: timeOf(Date.now()) };
    const metrics = [...this.#instruments.values()].map((tally) => tally.read(span));
    const scopeMetrics = [{ scope: this.#scope, metrics }];
    // The reader puts its own resource in the place of this one.
    const resourceMetrics = { resource: defaultResource(), scopeMetrics };
    return Promise.resolve({ resourceMetrics, errors: [] });
  }
}

interface Description {
  readonly name: string;
  readonly description: string;
}

type Span = Pick<DataPoint<unknown>, "endTime" | "startTime">;

/** One value for each combination of labels. */
class Series<Value> {
  readonly #make: () => Value;
  readonly #byText = new Map<string, { readonly labels: Labels; readonly value: Value }>();
  readonly #byObject = new WeakMap<Labels, Value>();
  /** The last one: whoever measures often has the same labels nearly always. */
  #last: { readonly labels: Labels; readonly value: Value } | null = null;

  constructor(make: () => Value) {
    this.#make = make;
  }

  of(labels: Labels): Value {
    if (this.#last?.labels === labels) return this.#last.value;
    let value = this.#byObject.get(labels);
    if (value === undefined) {
      value = this.#find(labels);
      this.#byObject.set(labels, value);
    }
    this.#last = { labels, value };
    return value;
  }

  points(span: Span): DataPoint<Value>[] {
    return Array.from(this.#byText.values(), ({ labels, value }) => {
      const attributes: Attributes = { ...labels };
      return { ...span, attributes, value };
    });
  }

  #find(labels: Labels): Value {
    const text = textOf(labels);
    const known = this.#byText.get(text);
    if (known !== undefined) return known.value;
    if (this.#byText.size >= SERIES_MAX - 1 && labels !== OVERFLOW) return this.of(OVERFLOW);
    const value = this.#make();
    this.#byText.set(text, { labels: { ...labels }, value });
    return value;
  }
}

class SumTally implements Counter {
  readonly #description: Description;
  readonly #series = new Series(() => ({ sum: 0 }));

  constructor(description: Description) {
    this.#description = description;
  }

  add(value: number, labels: Labels = NO_LABELS): void {
    if (value >= 0) this.#series.of(labels).sum += value;
  }

  read(span: Span): MetricData {
    const dataPoints = this.#series.points(span).map((point) => {
      return { ...point, value: point.value.sum };
    });
    return {
      ...basisOf(this.#description),
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints,
    };
  }
}

interface Distribution {
  readonly counts: number[];
  sum: number;
  count: number;
}

class HistogramTally implements Histogram {
  readonly #description: Description;
  readonly #bounds: readonly number[];
  readonly #series: Series<Distribution>;

  constructor(description: Description, bounds: readonly number[]) {
    this.#description = description;
    this.#bounds = bounds;
    const bucketCount = bounds.length + 1;
    this.#series = new Series(() => {
      return { counts: new Array<number>(bucketCount).fill(0), sum: 0, count: 0 };
    });
  }

  record(value: number, labels: Labels = NO_LABELS): void {
    if (!(value >= 0)) return;
    const into = this.#series.of(labels);
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    into.counts[bucket] = (into.counts[bucket] ?? 0) + 1;
    into.sum += value;
    into.count += 1;
  }

  read(span: Span): MetricData {
    const boundaries = [...this.#bounds];
    const dataPoints = this.#series.points(span).map(({ value, ...point }) => {
      const { counts, sum, count } = value;
      return { ...point, value: { buckets: { boundaries, counts: [...counts] }, sum, count } };
    });
    return { ...basisOf(this.#description), dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
}

function basisOf({ name, description }: Description) {
  return {
    descriptor: { name, description, unit: "", valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

/** The same labels have the same text, in whatever order they come. */
function textOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function timeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.round((epochMs - seconds * 1_000) * 1_000_000)];
}
