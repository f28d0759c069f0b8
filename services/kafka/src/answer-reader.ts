/**
 * Puts answers together from what a socket reads. Each begins with its length, which its buffer is made by: however many
 * pieces an answer comes in, its bytes are copied once.
 *
 * Format: https://kafka.apache.org/protocol.html#protocol_common
 */

const LENGTH_BYTES = 4;
/**
 * The longest answer that is believed, bytes. A broker takes no request above 100 MiB unless it is told to (`socket.request.max.bytes`),
 * so no batch that it gives out is longer. What a TLS or an HTTP server says first is: 0x15030100 and above.
 */
const ANSWER_BYTES_MAX = 0x1000_0000;

/** Reads the answers of one socket. */
export class AnswerReader {
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  /** Bytes of the length that have come. */
  #lengthCount = 0;
  /** The answer that is being read, its length in front; null between two. */
  #answer: Buffer | null = null;
  /** Bytes of the answer that have come. */
  #answerCount = 0;

  /**
   * Takes what was read, and calls `onAnswer` with each answer that is whole with it, length and all, in order. `bytes` are free
   * once this returns; an answer is the callee's to keep.
   * @throws RangeError on a length that is none: what follows cannot be understood.
   */
  read(bytes: Buffer, onAnswer: (answer: Buffer) => void): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#answer === null) at += this.#readLength(bytes, at);
      else at += this.#readRest(this.#answer, bytes, at);
      const whole = this.#takeWhole();
      if (whole !== null) onAnswer(whole);
    }
  }

  /** Gives the number of bytes taken. */
  #readLength(bytes: Buffer, at: number): number {
    const count = bytes.copy(this.#length, this.#lengthCount, at);
    this.#lengthCount += count;
    if (this.#lengthCount < LENGTH_BYTES) return count;
    this.#lengthCount = 0;
    const length = this.#length.readInt32BE();
    if (length < 0 || length > ANSWER_BYTES_MAX) {
      const guess = "this is no Kafka broker, or one that wants TLS";
      throw new RangeError(`an answer of ${length} bytes, where 256 MiB is the most: ${guess}`);
    }
    this.#answer = Buffer.allocUnsafe(LENGTH_BYTES + length);
    this.#answerCount = this.#length.copy(this.#answer);
    return count;
  }

  #readRest(answer: Buffer, bytes: Buffer, at: number): number {
    const count = bytes.copy(answer, this.#answerCount, at);
    this.#answerCount += count;
    return count;
  }

  #takeWhole(): Buffer | null {
    const answer = this.#answer;
    if (answer === null || this.#answerCount < answer.length) return null;
    this.#answer = null;
    return answer;
  }
}
