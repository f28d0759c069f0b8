/** Dead letters and parked events read back: whose they are, and the record they were made of. */
import {
  asOffset,
  asPartition,
  asTopic,
  type Offset,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { RecordHeaders, SourceRecord } from "../../ports.ts";

/** Where the event of a record of an own topic comes from. */
export interface Origin extends TopicPartition {
  readonly offset: Offset;
}

const decoder = new TextDecoder();
const OWN_PREFIX = "millrace-";

/** The coordinates of the event; null for a record that is not ours. */
export function originOf({ headers }: SourceRecord): Origin | null {
  const topic = textOf(headers, "millrace-topic");
  const partition = numberOf(headers, "millrace-partition");
  const offset = numberOf(headers, "millrace-offset");
  if (topic === null || partition === null || offset === null) return null;
  return { topic: asTopic(topic), partition: asPartition(partition), offset: asOffset(offset) };
}

/** Epoch of the owner that wrote it; null where its record does not say. */
export function asideEpochOf({ headers }: Pick<SourceRecord, "headers">): number | null {
  return numberOf(headers, "millrace-epoch");
}

/** How often a dead letter had been redriven when it was given up; null where its record does not say. */
export function redriveCountOf({ headers }: Pick<SourceRecord, "headers">): number | null {
  return numberOf(headers, "millrace-redrive-count");
}

/** Whether later events of its key wait for a dead letter; null where its record does not say. */
export function holdsKeyOf({ headers }: Pick<SourceRecord, "headers">): boolean | null {
  const text = textOf(headers, "millrace-holds-key");
  return text === "true" || text === "false" ? text === "true" : null;
}

/** Whether the event's own bytes were left out as too large. */
export function isCut({ headers }: SourceRecord): boolean {
  return headers["millrace-value"] !== undefined;
}

/** The record as it lay in its source partition. */
export function originalRecord(record: SourceRecord, origin: Origin): SourceRecord {
  const headers = Object.entries(record.headers).filter(([name]) => !name.startsWith(OWN_PREFIX));
  return {
    ...origin,
    timestampMs: numberOf(record.headers, "millrace-timestamp") ?? record.timestampMs,
    key: record.key,
    value: record.value,
    headers: Object.fromEntries(headers),
  };
}

function numberOf(headers: RecordHeaders, name: string): number | null {
  const text = textOf(headers, name);
  const number = text === null ? Number.NaN : Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

function textOf(headers: RecordHeaders, name: string): string | null {
  const value = headers[name];
  return value instanceof Uint8Array ? decoder.decode(value) : null;
}
