/**
 * Every metric of Millrace, by instrument name. Prometheus prints dots as underscores and `_total` behind counters;
 * units stand in the names because its exporter adds none.
 */
export const METRICS = {
  "millrace.build.info": "version that runs, as a label; always 1",
  "millrace.ingest.events": "events that asked to be taken in",
  "millrace.emitter.buffered.events": "events accepted by emit and not yet acknowledged",
  "millrace.emitter.buffered.bytes": "their keys and values",
  "millrace.delivery.attempts": "HTTP calls made",
  "millrace.delivery.events": "deliveries ended",
  "millrace.delivery.latency.seconds": "from the log to the target",
  "millrace.replay.events": "events of replays ended",
  "millrace.consumer.lag": "log end less committed, records",
  "millrace.consumer.lag.age.seconds": "age of the oldest undelivered event",
  "millrace.consumer.committed.offset": "committed offset",
  "millrace.consumer.rebalances": "assignments received",
  "millrace.dlq.messages": "dead letters written",
  "millrace.aside.deleted": "dead letters and parked events deleted",
  "millrace.keys.set.aside": "keys in quarantine or blocked",
  "millrace.journal.dropped": "settled deliveries that the journal does not tell of",
  "millrace.inflight": "attempts in flight",
  "millrace.limiter.limit": "attempts that may be in flight",
  "millrace.breaker.state": "1 for the state the breaker is in",
  "millrace.target.paused": "1 while a pause stands",
  "http.client.request.duration.seconds": "one attempt",
  "http.server.request.duration.seconds": "one request to the gateway",
} as const;

/** A name of {@link METRICS}. */
export type MetricName = keyof typeof METRICS;

/**
 * Upper bounds of the buckets of histograms in seconds: those of OpenTelemetry's messaging conventions, with 30 and 60
 * for slow targets.
 */
export const SECONDS_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
];
