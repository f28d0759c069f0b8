/**
 * The record of an event that is set aside, given up or parked: original key, value and headers, and why (design: "Dead
 * letter"). It stands in the partition of its own topic that has its source partition's number, so that whoever looks
 * for an event knows where.
 */
import type { DeadLetterReason } from "../../core/lanes/attempt-result.ts";
import type { Delivery } from "../../core/lanes/delivery.ts";
import type { TargetId, Topic } from "../../core/lanes/identity.ts";
import type { PreparedEvent, RecordHeaders, SinkRecord } from "../../ports.ts";

/** Longest error text that is written, characters: a dead letter must fit where its event did. */
const ERROR_LENGTH_MAX = 512;

const encoder = new TextEncoder();

/** Why an event stands in one of the target's own topics: given up, or parked behind one that was. */
export interface SetAside {
  readonly reason: DeadLetterReason | "PARKED";
  readonly detail: string;
  /** Whether later events of its key wait for it; null: it is parked itself. */
  readonly holdsKey: boolean | null;
}

/**
 * Makes a delivery's dead letter or parked record. Written once per delivery, or more often when an acknowledgement got
 * lost: readers dedupe by (topic, partition, offset).
 */
export function setAsideRecord(
  delivery: Delivery<PreparedEvent>,
  why: SetAside,
  to: { readonly target: TargetId; readonly topic: Topic },
): SinkRecord {
  const { record } = delivery.payload;
  return {
    topic: to.topic,
    partition: record.partition,
    key: record.key,
    value: record.value,
    headers: { ...record.headers, ...reasonHeaders(delivery, why, to.target) },
  };
}

/** The same without the value, for a record that the broker refuses as too large: the coordinates still lead to it. */
export function withoutValue(record: SinkRecord): SinkRecord {
  const headers = { ...record.headers, "millrace-value": encoder.encode("omitted: too large") };
  return { ...record, value: null, headers };
}

/** Only what Millrace says of the event, for one whose own key or headers are too large. */
export function withoutHeaders(record: SinkRecord): SinkRecord {
  const own = Object.entries(record.headers).filter(([name]) => name.startsWith("millrace-"));
  const omitted = { "millrace-value": encoder.encode("omitted with key and headers: too large") };
  return { ...record, key: null, value: null, headers: { ...Object.fromEntries(own), ...omitted } };
}

function reasonHeaders(
  delivery: Delivery<PreparedEvent>,
  why: SetAside,
  target: TargetId,
): RecordHeaders {
  const { partition, payload, lastFailure } = delivery;
  const text: Record<string, string | number | boolean | null> = {
    "millrace-target": target,
    "millrace-reason": why.reason,
    "millrace-error": why.detail.slice(0, ERROR_LENGTH_MAX),
    "millrace-http-status": lastFailure?.status ?? null,
    "millrace-attempts": delivery.attemptCount,
    "millrace-first-failed-at": isoTime(delivery.firstFailedAt),
    "millrace-last-failed-at": isoTime(delivery.lastFailedAt),
    "millrace-topic": partition.topic,
    "millrace-partition": partition.partition,
    "millrace-offset": delivery.offset,
    "millrace-timestamp": payload.record.timestampMs,
    "millrace-mapping-revision": payload.mappingRevision,
    "millrace-epoch": delivery.epoch,
    "millrace-redrive-count": delivery.redriveCount,
    "millrace-holds-key": why.holdsKey,
    "millrace-ambiguous": String(delivery.wasAmbiguous || delivery.isInherited),
    "millrace-tenant": payload.tenant,
  };
  const headers: Record<string, Uint8Array> = {};
  for (const [name, value] of Object.entries(text)) {
    if (value !== null) headers[name] = encoder.encode(String(value));
  }
  return headers;
}

function isoTime(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}
