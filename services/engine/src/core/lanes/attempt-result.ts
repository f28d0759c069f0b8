/**
 * How one attempt ended, already classified: the engine decides by `kind` alone and never looks at a status code.
 *
 * - `delivered`: the target took it.
 * - `retry`: the target or its network path failed and may heal. `ambiguous` when the target may have applied the
 *   call (it was sent and its answer is missing or a 5xx); only the charged ones count against the retry horizon.
 * - `rejected`: the target refused this event for good; it is dead-lettered at once.
 * - `throttled`: 429, or 503 with Retry-After: the whole target waits; never charged.
 * - `misconfigured`: the answer concerns the target's configuration (401, 403, 3xx, TLS, blocked address): the lane
 *   waits uncharged and the target pauses; never dead-lettered.
 * - `undeliverable`: no call could be made of this event (mapping failed); it is dead-lettered at once.
 * - `abandoned`: we gave the attempt up ourselves (fence, shutdown deadline). Ambiguous if it was sent.
 */
export type AttemptResult = AttemptEnding & {
  /**
   * The id by which the target's own logs know the call, for people: printable ASCII, at most 128 characters. Absent: no
   * answer, or one that names none.
   */
  readonly requestId?: string;
};

/** See {@link AttemptResult}. */
type AttemptEnding =
  | { readonly kind: "delivered"; readonly status: number }
  | {
      readonly kind: "retry";
      readonly reason: RetryReason;
      readonly status: number | null;
      readonly ambiguous: boolean;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "rejected"; readonly reason: DeadLetterReason; readonly status: number }
  | {
      readonly kind: "throttled";
      readonly status: number;
      readonly retryAfterMs: number | null;
    }
  | {
      readonly kind: "misconfigured";
      readonly reason: MisconfiguredReason;
      readonly status: number | null;
      readonly detail: string;
    }
  | { readonly kind: "undeliverable"; readonly reason: DeadLetterReason; readonly detail: string }
  | { readonly kind: "abandoned"; readonly ambiguous: boolean };

/** Why an attempt is repeated. */
export type RetryReason =
  "HTTP_STATUS" | "TIMEOUT" | "RESET" | "CONNECT_FAILED" | "DNS_FAILED" | "RESPONSE_INVALID";

/** Why a target's configuration is at fault. */
export type MisconfiguredReason =
  "HTTP_UNAUTHORIZED" | "HTTP_REDIRECT" | "TLS_FAILED" | "ADDRESS_BLOCKED";

/** Why a delivery was given up; the `millrace-reason` header of a dead letter. */
export type DeadLetterReason =
  | "HTTP_REJECTED"
  | "RETRIES_EXHAUSTED"
  | "DECODE_FAILED"
  | "SCHEMA_UNKNOWN"
  | "ENVELOPE_MISSING"
  | "MAPPING_FAILED";
