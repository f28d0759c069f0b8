/**
 * Writes a record batch (message format 2, uncompressed) into one buffer of its exact size: sizes first, then bytes.
 * Format: https://kafka.apache.org/documentation/#recordbatch
 */
import type { SinkRecord } from "@millrace/engine";
import { crc32c } from "./crc32c.ts";

/** The producer and the place in its sequence that the broker checks a batch by. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly timestampMs: number;
}

const HEAD_BYTES = 61;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;

/** Bytes that a record takes in a batch, at most: its varints at their longest. */
export function recordBytesMax(record: SinkRecord): number {
  return bodyBytes(record, 0x7fffffff) + 5;
}

/** The bytes of a batch of `records`, in their order. */
export function encodeBatch(records: readonly SinkRecord[], identity: BatchIdentity): Buffer {
  const sizes = records.map((record, index) => bodyBytes(record, index));
  const total = sizes.reduce((sum, size) => sum + varintBytes(size) + size, HEAD_BYTES);
  const bytes = Buffer.allocUnsafe(total);
  const writer = new BatchWriter(bytes, HEAD_BYTES);
  records.forEach((record, index) => writer.record(record, { index, size: sizes[index] ?? 0 }));
  writeHead(bytes, records.length, identity);
  return bytes;
}

function writeHead(bytes: Buffer, count: number, identity: BatchIdentity): void {
  const timestamp = BigInt(identity.timestampMs);
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(0, ATTRIBUTES_AT);
  bytes.writeInt32BE(count - 1, 23);
  bytes.writeBigInt64BE(timestamp, 27);
  bytes.writeBigInt64BE(timestamp, 35);
  bytes.writeBigInt64BE(identity.producerId, 43);
  bytes.writeInt16BE(identity.producerEpoch, 51);
  bytes.writeInt32BE(identity.firstSequence, 53);
  bytes.writeInt32BE(count, 57);
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT);
}

class BatchWriter {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  record(record: SinkRecord, { index, size }: { index: number; size: number }): void {
    this.#varint(size);
    this.#bytes[this.#at] = 0;
    this.#at += 1;
    this.#varint(0);
    this.#varint(index);
    this.#varBytes(record.key);
    this.#varBytes(record.value);
    this.#varint(headerCount(record));
    for (const [name, value] of Object.entries(record.headers)) {
      if (value === undefined) continue;
      for (const one of value instanceof Uint8Array ? [value] : value) {
        this.#varint(Buffer.byteLength(name));
        this.#at += this.#bytes.write(name, this.#at);
        this.#varBytes(one);
      }
    }
  }

  #varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#at] = (rest & 0x7f) | 0x80;
      this.#at += 1;
      rest >>>= 7;
    }
    this.#bytes[this.#at] = rest;
    this.#at += 1;
  }

  #varBytes(value: Uint8Array | null): void {
    this.#varint(value === null ? -1 : value.length);
    if (value === null) return;
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }
}

function bodyBytes(record: SinkRecord, index: number): number {
  let bytes = 2 + varintBytes(index) + varBytesBytes(record.key) + varBytesBytes(record.value);
  bytes += varintBytes(headerCount(record));
  for (const [name, value] of Object.entries(record.headers)) {
    if (value === undefined) continue;
    const nameBytes = Buffer.byteLength(name);
    for (const one of value instanceof Uint8Array ? [value] : value) {
      bytes += varintBytes(nameBytes) + nameBytes + varBytesBytes(one);
    }
  }
  return bytes;
}

function headerCount({ headers }: SinkRecord): number {
  let count = 0;
  for (const value of Object.values(headers)) {
    if (value !== undefined) count += value instanceof Uint8Array ? 1 : value.length;
  }
  return count;
}

function varBytesBytes(value: Uint8Array | null): number {
  return value === null ? 1 : varintBytes(value.length) + value.length;
}

function varintBytes(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let bytes = 1;
  while (rest > 0x7f) {
    bytes += 1;
    rest >>>= 7;
  }
  return bytes;
}
