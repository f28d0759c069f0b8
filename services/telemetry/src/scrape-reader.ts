import {
  AggregationTemporality,
  InstrumentType,
  MetricReader,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";

/**
 * Collects metrics when they are scraped. Counters and histograms are sums since the start, as Prometheus wants them; a
 * gauge tells only what it sees now. Were it cumulative like the others, as the SDK's own Prometheus reader has it, the
 * lag of a partition that moved to another process would be told for ever.
 */
export class ScrapeReader extends MetricReader {
  /** @param counted what the SDK's own instruments do not measure. */
  constructor(counted: MetricProducer) {
    super({
      metricProducers: [counted],
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE
          ? AggregationTemporality.DELTA
          : AggregationTemporality.CUMULATIVE,
    });
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}
