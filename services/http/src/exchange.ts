import type { Dispatcher } from "undici";
import { requestIdText } from "./request-id.ts";

/** How one HTTP exchange ended. */
export type ExchangeEnd =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | null;
      readonly location: string | null;
      /** What the answer calls the call; null where it names nothing. */
      readonly requestId: string | null;
      /** Null where bodies are discarded. */
      readonly body: ReadBody | null;
    }
  | {
      readonly kind: "failed";
      readonly error: Error;
      /** Whether any of the request may have left. */
      readonly isSent: boolean;
    };

/** What was read of a body. */
export interface ReadBody {
  readonly bytes: Buffer;
  /** Bytes that came in; more than `bytes` has where it was too long. */
  readonly byteCount: number;
}

type Controller = Dispatcher.DispatchController;
type ResponseHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/** What an exchange reads of its response. */
export interface ExchangeOptions {
  /** Bytes of the body; one that is longer costs the connection. */
  readonly bodyBytesMax: number;
  /** Headers that may name the call, lower case; the first there is counts. */
  readonly requestIdHeaders: readonly string[];
  /** What becomes of the body's bytes. */
  readonly bodies: "discarded" | "kept";
}

/**
 * One request and its response, as its connection reports it. Ends exactly once, when the connection has let go of it.
 * The answer stands when status line and headers are complete: a body that breaks off or is too long changes nothing,
 * it only costs the connection.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #onEnd: (end: ExchangeEnd) => void;
  #controller: Controller | null = null;
  #isCalledOff = false;
  #hasEnded = false;
  #isBroken = false;
  /** Null: they are discarded. */
  readonly #chunks: Buffer[] | null;
  #bodyBytes = 0;
  #status = 0;
  #headers: ResponseHeaders = {};

  constructor(options: ExchangeOptions, onEnd: (end: ExchangeEnd) => void) {
    this.#options = options;
    this.#onEnd = onEnd;
    this.#chunks = options.bodies === "kept" ? [] : null;
  }

  /** Whether any of the request may have left. */
  get isSent(): boolean {
    return this.#controller !== null;
  }

  /** Whether it failed, or its answer did half-way: its connection is gone then, never was, or is not known to stand. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Status of the final answer; null before its headers are complete. */
  get status(): number | null {
    return this.#status === 0 ? null : this.#status;
  }

  /** What the answer calls the call; null before its headers are complete, and where it names nothing. */
  get requestId(): string | null {
    for (const name of this.#options.requestIdHeaders) {
      const value = firstOf(this.#headers[name]);
      if (value !== null && value !== "") return requestIdText(value);
    }
    return null;
  }

  /** Breaks the exchange off. One that still waits for a connection is not sent, and ends when its turn comes. */
  callOff(): void {
    this.#isCalledOff = true;
    this.#controller?.abort(new Error("called off"));
  }

  /** @inheritdoc */
  onRequestStart(controller: Controller): void {
    // Thrown, because aborting here would destroy a connection that others can use.
    if (this.#isCalledOff) throw new Error("called off before it was sent");
    this.#controller = controller;
  }

  /** @inheritdoc */
  onResponseStart(_controller: Controller, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  /** @inheritdoc */
  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes <= this.#options.bodyBytesMax) this.#chunks?.push(chunk);
    else controller.abort(new Error("response too long"));
  }

  /** @inheritdoc */
  onResponseEnd(): void {
    this.#end(this.#answer());
  }

  /** @inheritdoc */
  onResponseError(_controller: unknown, error: Error): void {
    this.#isBroken = true;
    const isAnswered = this.#status !== 0;
    this.#end(isAnswered ? this.#answer() : { kind: "failed", error, isSent: this.isSent });
  }

  #answer(): ExchangeEnd {
    const retryAfter = firstOf(this.#headers["retry-after"]);
    return {
      kind: "answered",
      status: this.#status,
      retryAfter,
      location: firstOf(this.#headers["location"]),
      requestId: this.requestId,
      body: this.#chunks === null ? null : this.#read(this.#chunks),
    };
  }

  #read(chunks: readonly Buffer[]): ReadBody {
    return { bytes: Buffer.concat(chunks), byteCount: this.#bodyBytes };
  }

  #end(end: ExchangeEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.#onEnd(end);
    } catch (bug) {
      // Undici would take it for a failure of the request, and nobody would hear of it.
      queueMicrotask(() => {
        throw bug;
      });
    }
  }
}

function firstOf(value: string | readonly string[] | undefined): string | null {
  return (typeof value === "string" ? value : value?.[0]) ?? null;
}
