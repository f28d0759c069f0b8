/**
 * Follows the HTTP exchanges of one connection (HTTP/1.1, one at a time, answers with content-length) so that the proxy
 * can say which call it broke.
 */
export class AnswerTracker {
  #key: string | null = null;
  /** Bytes of the answer that are still to come; null before its head. */
  #left: number | null = null;
  /** What has come of the head. */
  #head = "";

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
    this.#head = "";
  }

  /** Bytes have been passed on to the caller. */
  answered(chunk: Buffer): void {
    if (this.#key === null) return;
    if (this.#left === null) this.#readHead(chunk.toString("latin1"));
    else this.#left -= chunk.length;
    if (this.#left === null || this.#left > 0) return;
    this.#key = null;
    this.#left = null;
    this.#head = "";
  }

  #readHead(text: string): void {
    this.#head += text;
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [, size = "0"] = /\r\ncontent-length: (\d+)/iu.exec(this.#head.slice(0, end)) ?? [];
    this.#left = Number(size) - (this.#head.length - end - 4);
  }
}
