import type { Head } from "./observed-group.ts";

/**
 * Age of the event at a head, seconds; null where no record waits. By the brokers' time of the record, as the metric
 * `millrace.consumer.lag.age.seconds` counts; a clock that is behind theirs makes it no less than 0.
 */
export function lagAgeSeconds(head: Head | null, nowMs: number): number | null {
  return head === null ? null : Math.max(0, nowMs - head.record.timestampMs) / 1_000;
}
