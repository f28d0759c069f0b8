/**
 * Follows the HTTP exchanges of one connection (HTTP/1.1, one at a time, answers with content-length) so that the proxy
 * can say which call it broke.
 */
export class AnswerTracker {
  #key: string | null = null;
  /** Bytes of the answer that are still to come; null before its head. */
  #left: number | null = null;

  /** The connection is over: the call whose answer has not passed whole, null for none. It is told once. */
  end(): string | null {
    const key = this.#key;
    this.#key = null;
    return key;
  }

  /** Bytes go to the target. */
  asked(chunk: Buffer): void {
    const [, key] = /\r\nidempotency-key: ([^\r\n]+)\r\n/iu.exec(chunk.toString("latin1")) ?? [];
    if (key === undefined) return;
    this.#key = key;
    this.#left = null;
  }

  /** Bytes have been passed on to the caller. */
  answered(chunk: Buffer): void {
    if (this.#key === null) return;
    let { length } = chunk;
    if (this.#left === null) {
      const text = chunk.toString("latin1");
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const [, size = "0"] = /\r\ncontent-length: (\d+)/iu.exec(text.slice(0, headEnd)) ?? [];
      this.#left = Number(size);
      length -= headEnd + 4;
    }
    this.#left -= length;
    if (this.#left > 0) return;
    this.#key = null;
    this.#left = null;
  }
}
