/** Bytes that grow while a batch is unpacked; every bound of the decoders that copy from what they wrote is here. */

/** Below this many bytes a loop is faster than a call of the system's copy. */
const CALL_BYTES_MIN = 32;

/** An output that decoders append to: bytes of their input, or repeats of what they wrote before. */
export class UnpackedBytes {
  readonly #max: number;
  #bytes: Buffer;
  #length = 0;

  /** `expected` is a guess; more is taken as it is needed, up to `max`, and not a byte above it. */
  constructor({ expected, max }: { readonly expected: number; readonly max: number }) {
    this.#max = max;
    this.#bytes = Buffer.allocUnsafe(Math.min(expected, max));
  }

  get length(): number {
    return this.#length;
  }

  /** Appends `count` bytes of `input` from `at` on. @throws RangeError when they are not all there. */
  copy(input: Buffer, at: number, count: number): void {
    if (count > input.length - at) throw new RangeError("read beyond the end");
    this.#reserve(count);
    if (count < CALL_BYTES_MIN) {
      for (let index = 0; index < count; index += 1) this.#put(index, input[at + index]);
    } else input.copy(this.#bytes, this.#length, at, at + count);
    this.#length += count;
  }

  /**
   * Appends `count` bytes that begin `distance` before the end; they may overlap what they append.
   * @param distance at most `reach`, the bytes written that may be repeated.
   * @throws RangeError when it lies outside.
   */
  repeat(distance: number, count: number, reach: number): void {
    if (distance < 1 || distance > reach) throw new RangeError("repeats bytes that are not there");
    this.#reserve(count);
    const from = this.#length - distance;
    if (count >= CALL_BYTES_MIN && distance >= count) {
      this.#bytes.copyWithin(this.#length, from, from + count);
    } else {
      const bytes = this.#bytes;
      for (let index = 0; index < count; index += 1) this.#put(index, bytes[from + index]);
    }
    this.#length += count;
  }

  /** What was appended; a view. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #put(index: number, byte: number | undefined): void {
    this.#bytes[this.#length + index] = byte ?? 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    if (needed > this.#max) throw new RangeError(`unpacks to more than ${this.#max} bytes`);
    const grown = Buffer.allocUnsafe(Math.min(this.#max, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
