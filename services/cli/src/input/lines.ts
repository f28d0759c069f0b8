/** Bytes to lines, in bounded memory: a line without end is reported, not collected. */

/** One line of the source. */
export interface SourceLine {
  /** From 1, blank lines counted, as editors do. */
  readonly number: number;
  /** Without its line ending; null where `problem` says why there is none. */
  readonly text: string | null;
  readonly problem: string | null;
}

/** A line above this is no event: the brokers would refuse it. */
export const LINE_BYTES_MAX = 8 * 1_048_576;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** Splits at line feeds; a carriage return before one is dropped, a byte order mark at the start as well. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number = LINE_BYTES_MAX,
): AsyncGenerator<SourceLine> {
  const line = new LineBuffer(lineBytesMax);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.add(chunk.subarray(start, end));
      yield line.take();
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (!line.isEmpty) yield line.take();
}

class LineBuffer {
  readonly #bytesMax: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #length = 0;
  #number = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    // Beyond the bound only the length still counts.
    if (this.#length > this.#bytesMax) this.#parts = [];
    else if (bytes.length > 0) this.#parts.push(Uint8Array.from(bytes));
  }

  take(): SourceLine {
    this.#number += 1;
    const [bytes, length] = [Buffer.concat(this.#parts), this.#length];
    this.#parts = [];
    this.#length = 0;
    const number = this.#number;
    if (length > this.#bytesMax) {
      const problem = `the line has ${length} bytes, at most ${this.#bytesMax} are read`;
      return { number, text: null, problem };
    }
    try {
      return { number, text: this.#decoder.decode(this.#trimmed(bytes)), problem: null };
    } catch {
      return { number, text: null, problem: "the line is not UTF-8" };
    }
  }

  #trimmed(bytes: Uint8Array): Uint8Array {
    const hasMark =
      this.#number === 1 && BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte);
    const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    return bytes.subarray(hasMark ? BYTE_ORDER_MARK.length : 0, end);
  }
}
