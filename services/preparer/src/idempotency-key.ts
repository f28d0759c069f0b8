import { hash } from "node:crypto";

/** What makes a delivery the same delivery, over all attempts, processes and repair replays. */
export interface DeliveryIdentity {
  readonly tenant: string;
  readonly target: string;
  /** `ce_source` of the event. */
  readonly source: string;
  /** `ce_id` of the event. */
  readonly id: string;
}

/** Bytes of the digest that are kept: 24, so that base64url needs no padding. */
const KEY_BYTES = 24;

/**
 * The idempotency key of a delivery: 32 characters of base64url. Never made from an offset or an attempt, so it
 * survives retries, restarts and repair replays. The README holds test vectors.
 */
export function idempotencyKey({ tenant, target, source, id }: DeliveryIdentity): string {
  const identity = JSON.stringify(["v1", tenant, target, source, id]);
  return hash("sha256", identity, "buffer").subarray(0, KEY_BYTES).toString("base64url");
}
