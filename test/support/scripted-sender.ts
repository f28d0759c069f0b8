import type { AttemptRequest, AttemptResult, AttemptSender, Clock } from "@millrace/engine";
import { classify } from "@millrace/http";

/** What the target in memory does with a call. */
export type MemoryAnswer =
  | { readonly kind: "status"; readonly status: number; readonly retryAfterMs?: number }
  | { readonly kind: "silence" };

interface OpenCall {
  readonly settle: (result: AttemptResult) => void;
}

/** An `AttemptSender` without a network: for tests of whatever sends, and to show that its contract can be kept. */
export class ScriptedSender implements AttemptSender {
  readonly requests: AttemptRequest[] = [];
  readonly #clock: Clock;
  readonly #answer: (request: AttemptRequest) => MemoryAnswer;
  readonly #open = new Set<OpenCall>();
  #isClosed = false;

  constructor(clock: Clock, answer: (request: AttemptRequest) => MemoryAnswer) {
    this.#clock = clock;
    this.#answer = answer;
  }

  send(request: AttemptRequest, onResult: (result: AttemptResult) => void): () => void {
    const isSent = !this.#isClosed;
    const call: OpenCall = {
      settle: (result) => {
        if (!this.#open.delete(call)) return;
        cancelDeadline();
        queueMicrotask(() => onResult(result));
      },
    };
    const abandon = (): void => call.settle({ kind: "abandoned", ambiguous: isSent });
    const cancelDeadline = this.#clock.schedule(request.timeoutMs, () => call.settle(TIMED_OUT));
    this.#open.add(call);
    if (this.#isClosed) abandon();
    else this.#deliver(request, call);
    return abandon;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const call of this.#open) call.settle({ kind: "abandoned", ambiguous: true });
    return Promise.resolve();
  }

  #deliver(request: AttemptRequest, call: OpenCall): void {
    this.requests.push(request);
    const answer = this.#answer(request);
    if (answer.kind === "silence") return;
    const { status, retryAfterMs = null } = answer;
    const rules = { onConflict: "retry" } as const;
    this.#clock.schedule(0, () =>
      call.settle(classify({ status, retryAfterMs, location: null }, rules)),
    );
  }
}

const TIMED_OUT: AttemptResult = {
  kind: "retry",
  reason: "TIMEOUT",
  status: null,
  ambiguous: true,
  retryAfterMs: null,
};
