/**
 * Confluent's wire format: a zero byte, the writer schema's id in the registry (4 bytes, big-endian), the Avro bytes.
 * Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
import type { Buffer } from "node:buffer";

/** Bytes before the Avro data. */
export const FRAME_BYTES = 5;
const MAGIC_BYTE = 0;

/** The schema id of a framed value; null when it is not framed. */
export function framedSchemaId(value: Buffer): number | null {
  if (value.length < FRAME_BYTES || value[0] !== MAGIC_BYTE) return null;
  return value.readUInt32BE(1);
}

/** Writes the frame at the start of a buffer. */
export function writeFrame(target: Buffer, schemaId: number): void {
  target.writeUInt8(MAGIC_BYTE, 0);
  target.writeUInt32BE(schemaId, 1);
}
