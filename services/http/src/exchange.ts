import type { Dispatcher } from "undici";

/** How one HTTP exchange ended. */
export type ExchangeEnd =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | null;
      readonly location: string | null;
    }
  | {
      readonly kind: "failed";
      readonly error: Error;
      /** Whether any of the request may have left. */
      readonly isSent: boolean;
    };

type Controller = Dispatcher.DispatchController;
type ResponseHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/**
 * One request and its response, as the connection pool reports it. Ends exactly once, when the pool has let go of it.
 * The answer stands when status line and headers are complete: a body that breaks off or is too long changes nothing,
 * it only costs the connection.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #bodyBytesMax: number;
  readonly #onEnd: (end: ExchangeEnd) => void;
  #controller: Controller | null = null;
  #isCalledOff = false;
  #hasEnded = false;
  #bodyBytes = 0;
  #status = 0;
  #headers: ResponseHeaders = {};

  constructor(bodyBytesMax: number, onEnd: (end: ExchangeEnd) => void) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#onEnd = onEnd;
  }

  /** Whether any of the request may have left. */
  get isSent(): boolean {
    return this.#controller !== null;
  }

  /** Status of the final answer; null before its headers are complete. */
  get status(): number | null {
    return this.#status === 0 ? null : this.#status;
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
    if (this.#bodyBytes > this.#bodyBytesMax) controller.abort(new Error("response too long"));
  }

  /** @inheritdoc */
  onResponseEnd(): void {
    this.#end(this.#answer());
  }

  /** @inheritdoc */
  onResponseError(_controller: unknown, error: Error): void {
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
    };
  }

  #end(end: ExchangeEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd(end);
  }
}

function firstOf(value: string | readonly string[] | undefined): string | null {
  return (typeof value === "string" ? value : value?.[0]) ?? null;
}
