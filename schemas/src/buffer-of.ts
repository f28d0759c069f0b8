import { Buffer } from "node:buffer";

/** Bytes as a Buffer over the same memory; what is one stays as it is. */
export function bufferOf(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
