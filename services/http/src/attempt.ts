import type {
  AnswerBody,
  AttemptListener,
  AttemptRequest,
  AttemptResult,
  Bagged,
} from "@millrace/engine";
import type { Exchange } from "./exchange.ts";

/** One attempt from `send` to its result; usually one exchange, two when its token was refused and renewed. */
export class Attempt implements Bagged {
  place = -1;
  readonly request: AttemptRequest;
  /** Monotonic ms by which it has to have a result. */
  readonly deadlineAt: number;
  /** The exchange under way; null before the first, and between two. */
  exchange: Exchange | null = null;
  /** The token that the last exchange carried. */
  token: string | null = null;
  hasRenewedToken = false;
  readonly #onResult: AttemptListener;
  #isSettled = false;

  constructor(request: AttemptRequest, deadlineAt: number, onResult: AttemptListener) {
    this.request = request;
    this.deadlineAt = deadlineAt;
    this.#onResult = onResult;
  }

  /** Whether the result is known; nothing changes it any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether any of the request may have left without a definite answer yet. */
  get isSent(): boolean {
    return this.exchange?.isSent ?? false;
  }

  /** Tells the result. In its own microtask: no caller of `send` or of an abandonment is re-entered. */
  settle(result: AttemptResult, body?: AnswerBody): void {
    this.#isSettled = true;
    queueMicrotask(() => this.#onResult(result, body));
  }
}
