/** Reads Kafka's primitive types from a buffer, in order. Values that are bytes are views, not copies. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at;
  }

  /** Goes to a position, on or back. */
  moveTo(position: number): void {
    this.#at = position;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at);
    this.#at += 1;
    return value;
  }

  uint8(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** A number of 1 to 4 bytes, the lowest first: what packed bytes hold, not Kafka. */
  littleEndian(bytes: number): number {
    const value = this.#bytes.readUIntLE(this.#at, bytes);
    this.#at += bytes;
    return value;
  }

  /** As a number: offsets and times stay within 2^53. */
  int64(): number {
    const high = this.#bytes.readInt32BE(this.#at);
    const low = this.#bytes.readUInt32BE(this.#at + 4);
    this.#at += 8;
    return high * 0x1_0000_0000 + low;
  }

  bigInt64(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  /** A string with a 16-bit length; null for length -1. */
  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    return this.#take(length).toString("utf8");
  }

  /** Bytes with a 32-bit length; null for length -1. */
  bytes32(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.#take(length);
  }

  /** Bytes with a varint length; null for length -1. */
  varBytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.#take(length);
  }

  /** A string with a varint length; empty for length -1. */
  varText(): string {
    const length = this.varint();
    if (length <= 0) return "";
    const start = this.#at;
    this.#pass(length);
    return this.#bytes.toString("utf8", start, this.#at);
  }

  /** Whether this text is next, with a varint length, and ASCII; passes over it if so. */
  skipIfNext(text: string): boolean {
    const start = this.#at;
    const isNext = this.varint() === text.length && this.#isHere(text);
    this.#at = isNext ? this.#at + text.length : start;
    return isNext;
  }

  /** Passes over bytes with a varint length. @throws RangeError when they are not all there. */
  skipVarBytes(): void {
    this.#pass(Math.max(0, this.varint()));
  }

  /** A zigzag varint of at most 32 bits. */
  varint(): number {
    let raw = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
      if (shift > 28) throw new RangeError("varint is too long");
    }
  }

  /** A zigzag varlong, within 2^53. */
  varlong(): number {
    let low = 0;
    let factor = 1;
    for (let length = 1; ; length += 1) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      low += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
      if (length > 9) throw new RangeError("varlong is too long");
    }
    return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
  }

  /** All that is left. */
  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at);
  }

  #take(length: number): Buffer {
    const start = this.#at;
    this.#pass(length);
    return this.#bytes.subarray(start, this.#at);
  }

  #pass(length: number): void {
    if (length > this.#bytes.length - this.#at) throw new RangeError("read beyond the end");
    this.#at += length;
  }

  #isHere(text: string): boolean {
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      // Beyond ASCII a byte is no character, even where the numbers are the same.
      if (unit > 0x7f || this.#bytes[this.#at + index] !== unit) return false;
    }
    return true;
  }
}
