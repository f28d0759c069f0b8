/** A dead letter or a parked event, as its record tells: the original, and `millrace-*` headers with what became of it. */
import {
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  isCut,
  originalRecord,
  type Offset,
  type PartitionId,
  type RecordHeaders,
  type RecordKey,
  type SourceRecord,
  type TopicPartition,
} from "@millrace/engine";

/** The event that an aside record is of, by its place in its source. */
export interface SourcePlace extends TopicPartition {
  readonly offset: Offset;
}

/** A dead letter. */
export interface DeadLetter extends SourcePlace {
  /** Null: the event has no key, or it did not fit into the record. */
  readonly key: RecordKey | null;
  /** Null where the record has no readable envelope; likewise the next two. */
  readonly id: string | null;
  readonly source: string | null;
  readonly type: string | null;
  readonly reason: string;
  readonly error: string;
  readonly httpStatus: number | null;
  readonly attemptCount: number;
  /** RFC 3339; null where no attempt failed. */
  readonly firstFailedAt: string | null;
  readonly lastFailedAt: string | null;
  /** Whether later events of its key wait for it; null where its record does not say. */
  readonly holdsKey: boolean | null;
  /** Epoch of the owner that gave it up, and how often it had been redriven. */
  readonly epoch: number;
  readonly redriveCount: number;
  /** Where the dead letter itself stands, and since when, epoch ms. */
  readonly at: {
    readonly partition: PartitionId;
    readonly offset: Offset;
    readonly timestampMs: number;
  };
}

/** Reads a record of a dead-letter topic; null where it is none of ours. */
export function readDeadLetter(record: SourceRecord): DeadLetter | null {
  const place = readSourcePlace(record);
  const { headers, partition, offset, timestampMs } = record;
  const reason = textOf(headers, "millrace-reason");
  if (place === null || reason === null) return null;
  return {
    ...place,
    key: record.key === null ? null : keyOf(record.key),
    id: textOf(headers, "ce_id"),
    source: textOf(headers, "ce_source"),
    type: textOf(headers, "ce_type"),
    reason,
    error: textOf(headers, "millrace-error") ?? "",
    httpStatus: numberOf(headers, "millrace-http-status"),
    attemptCount: numberOf(headers, "millrace-attempts") ?? 0,
    firstFailedAt: textOf(headers, "millrace-first-failed-at"),
    lastFailedAt: textOf(headers, "millrace-last-failed-at"),
    holdsKey: booleanOf(headers, "millrace-holds-key"),
    epoch: numberOf(headers, "millrace-epoch") ?? 0,
    redriveCount: numberOf(headers, "millrace-redrive-count") ?? 0,
    at: { partition, offset, timestampMs },
  };
}

/** Where the event of a dead letter or parked record stands; null where the record is none of ours. */
export function readSourcePlace({ headers }: Pick<SourceRecord, "headers">): SourcePlace | null {
  const topic = textOf(headers, "millrace-topic");
  const partition = numberOf(headers, "millrace-partition");
  const offset = numberOf(headers, "millrace-offset");
  if (topic === null || partition === null || offset === null) return null;
  return { topic: asTopic(topic), partition: asPartition(partition), offset: asOffset(offset) };
}

/**
 * The record that a dead letter or parked event was made of, as it lay in its source; null where the brokers took it without
 * its bytes, or where it is none of ours.
 */
export function readOriginal(record: SourceRecord): SourceRecord | null {
  const place = readSourcePlace(record);
  return place === null || isCut(record) ? null : originalRecord(record, place);
}

/** A record key as a lane name. */
export function keyOf(key: Uint8Array): RecordKey {
  return asRecordKey(Buffer.from(key).toString("latin1"));
}

/** The first value of a header. */
function textOf(headers: RecordHeaders, name: string): string | null {
  const values = headers[name];
  const value = values instanceof Uint8Array ? values : values?.[0];
  return value === undefined ? null : Buffer.from(value).toString();
}

function numberOf(headers: RecordHeaders, name: string): number | null {
  const text = textOf(headers, name);
  const value = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function booleanOf(headers: RecordHeaders, name: string): boolean | null {
  const text = textOf(headers, name);
  return text === "true" || text === "false" ? text === "true" : null;
}
