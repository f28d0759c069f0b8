import type { AttemptResult } from "../core/lanes/attempt-result.ts";

/** One HTTP call, ready to be sent: the mapping's product plus the engine's own headers. */
export interface AttemptRequest {
  readonly method: string;
  /** Absolute, already filled and percent-encoded. */
  readonly url: string;
  /** Lower-case names; auth, signature, host, content-length and trace headers are the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | null;
  /** Total deadline from `send` to the end of the response, milliseconds. */
  readonly timeoutMs: number;
  /** W3C trace context of the CLIENT span, or null when tracing is off. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** The body of an answer, where the sender keeps them. For people; nothing is decided by it. */
export interface AnswerBody {
  /** The first bytes as they came over the wire; null: they repeat what the call proved itself with, and nobody may see them. */
  readonly bytes: Uint8Array | null;
  /** Bytes that came in. More than `bytes` has, where the answer was too long. */
  readonly byteCount: number;
}

/** Takes the result of an attempt, and its answer's body where the sender keeps them and there is one. */
export type AttemptListener = (result: AttemptResult, body?: AnswerBody) => void;

/** Gives an attempt up: aborts the request. The result still arrives, as `abandoned`. Idempotent. */
export type AbandonAttempt = () => void;

/** Sends attempts to one target. */
export interface AttemptSender {
  /**
   * Sends one request; `onResult` is called exactly once, never before `send` returned, no later than the deadline
   * plus scheduling delay. Never throws and never follows redirects.
   */
  send(request: AttemptRequest, onResult: AttemptListener): AbandonAttempt;
  /** Ends the connections; open attempts are abandoned. Idempotent. */
  close(): Promise<void>;
}
