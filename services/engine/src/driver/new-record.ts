import type { MatchedRecord, NewRecord } from "../core/lanes/delivery.ts";
import { asRecordKey } from "../core/lanes/identity.ts";
import type { Preparation, PreparedEvent, RecordHeaders, SourceRecord } from "../ports.ts";

/** What the objects of one event take besides its bytes, roughly. */
const EVENT_BYTES = 1_024;

/** A prepared record as the engine takes it in. */
export function newRecord(
  { offset, key }: SourceRecord,
  preparation: Exclude<Preparation, { kind: "schema-needed" }>,
): NewRecord<PreparedEvent> {
  if (preparation.kind === "filtered") return { kind: "filtered", offset };
  const { verdict, event } = preparation;
  const matched: MatchedRecord<PreparedEvent> = {
    kind: "matched",
    offset,
    key: key === null ? null : asRecordKey(latin1(key)),
    bytes: sizeOf(event),
    verdict,
    payload: event,
  };
  return matched;
}

/** What an event holds in memory, roughly: its record's bytes, its body, and a fixed part for objects. */
function sizeOf({ record, request }: PreparedEvent): number {
  const { key, value } = record;
  const own = EVENT_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  return own + (request?.body?.length ?? 0) + (record.headerBytes ?? sizeOfHeaders(record.headers));
}

function sizeOfHeaders(headers: RecordHeaders): number {
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    const header = headers[name];
    if (header instanceof Uint8Array) bytes += header.length;
    else if (header !== undefined) for (const one of header) bytes += one.length;
  }
  return bytes;
}

/** Bytes as a string that maps one to one. */
export function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
