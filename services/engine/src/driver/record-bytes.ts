import type { RecordHeaders, SourceRecord } from "../ports.ts";

/** Bytes of a record's key, value and headers. */
export function recordBytes(record: SourceRecord): number {
  if (record.byteCount !== undefined) return record.byteCount;
  const { key, value, headers } = record;
  return (key?.length ?? 0) + (value?.length ?? 0) + headerBytes(headers);
}

function headerBytes(headers: RecordHeaders): number {
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    const header = headers[name];
    if (header instanceof Uint8Array) bytes += header.length;
    else if (header !== undefined) for (const one of header) bytes += one.length;
  }
  return bytes;
}
