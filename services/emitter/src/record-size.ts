import { Buffer } from "node:buffer";
import type { SinkRecord } from "@millrace/engine";

/**
 * Upper bound of what a record adds around its key, value and headers: its own varints, and the batch's header for the
 * case that it is alone in one. Source: https://kafka.apache.org/documentation/#messageformat
 */
const RECORD_OVERHEAD_BYTES = 61 + 36;
/** Two length varints. */
const HEADER_OVERHEAD_BYTES = 10;

/** Bytes of a record on the wire, rounded up; uncompressed. */
export function recordBytes({ key, value, headers }: SinkRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  for (const name in headers) {
    const header = headers[name];
    if (header === undefined) continue;
    const values = header instanceof Uint8Array ? [header] : header;
    for (const { byteLength } of values) {
      bytes += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + byteLength;
    }
  }
  return bytes;
}
