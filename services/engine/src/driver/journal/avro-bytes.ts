/**
 * Avro's binary encoding, as much of it as a page of the journal needs: longs, strings, arrays whose items are known,
 * and unions, whose branch is a long in front of its value. One buffer that grows; an entry must cost about a microsecond.
 * Source: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
import { Buffer } from "node:buffer";

/** What a long takes at most, bytes. */
const LONG_BYTES_MAX = 10;
/** Of what a `long` takes, how much fits into its first four bytes beside the sign: 27 bits. */
const LOW_PART = 2 ** 27;
const LOW_BITS = 28;
/** UTF-8 of one UTF-16 unit, bytes at most. */
const UNIT_BYTES_MAX = 3;

/** See the head of this file. */
export class AvroBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param capacity bytes that fit before it grows. */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** An `int` or `long`, also a union's branch. Exact for every safe integer. */
  long(value: number): void {
    this.#reserve(LONG_BYTES_MAX);
    // Zigzag: the sign is the lowest bit, and a negative number counts from -1 on.
    const sign = value < 0 ? 1 : 0;
    const size = sign === 1 ? -(value + 1) : value;
    if (size < LOW_PART) return this.#base128(size * 2 + sign);
    // Bit operations end at 32 bits, so a larger number is written in two parts.
    const high = Math.floor(size / LOW_PART);
    const low = (size - high * LOW_PART) * 2 + sign;
    for (let shift = 0; shift < LOW_BITS; shift += 7) this.#put(0x80 | ((low >>> shift) & 0x7f));
    this.#base128(high);
  }

  /** A `string`. What is no Unicode (half of a pair) becomes U+FFFD. */
  text(text: string): void {
    this.#reserve(LONG_BYTES_MAX + text.length * UNIT_BYTES_MAX);
    const start = this.#length;
    this.long(text.length);
    // Most texts are short and ASCII: a call into native code would cost more than they do.
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return this.#utf8(text, start);
      this.#put(unit);
    }
  }

  /** An array, its items written elsewhere: one block. */
  array(count: number, items: AvroBytes): void {
    if (count > 0) {
      this.long(count);
      this.#reserve(items.#length);
      items.#bytes.copy(this.#bytes, this.#length, 0, items.#length);
      this.#length += items.#length;
    }
    this.long(0);
  }

  /** Four bytes, big-endian, behind a zero byte: Confluent's frame. */
  frame(schemaId: number): void {
    this.#reserve(5);
    this.#put(0);
    this.#length = this.#bytes.writeUInt32BE(schemaId, this.#length);
  }

  /** What was written. Nothing may be written after. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #utf8(text: string, start: number): void {
    this.#length = start;
    this.long(Buffer.byteLength(text));
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Seven bits a byte, the lowest first; below 2^31. */
  #base128(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#put(0x80 | (rest & 0x7f));
      rest >>>= 7;
    }
    this.#put(rest);
  }

  #put(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
