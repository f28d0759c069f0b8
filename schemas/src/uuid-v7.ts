import { randomFillSync } from "node:crypto";

/**
 * A new UUID, version 7 (RFC 9562 section 5.7): sorts by the millisecond it was made in, 74 random bits.
 * `epochMs` must be a whole number below 2^48.
 */
export function uuidV7(epochMs: number): string {
  const bytes = Buffer.allocUnsafe(16);
  randomFillSync(bytes, 6);
  bytes.writeUIntBE(epochMs, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join("-")}-${hex.slice(20)}`;
}
