import type { MatchedRecord, NewRecord } from "../core/lanes/delivery.ts";
import { asRecordKey } from "../core/lanes/identity.ts";
import type { Preparation, PreparedEvent, SourceRecord } from "../ports.ts";
import { bufferOf } from "./buffer-of.ts";
import { recordBytes } from "./record-bytes.ts";

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
  return EVENT_BYTES + recordBytes(record) + (request?.body?.length ?? 0);
}

/** Bytes as a string that maps one to one. */
export function latin1(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("latin1");
}
