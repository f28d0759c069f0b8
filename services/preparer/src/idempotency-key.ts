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

/** Characters of the digest that are kept: its first 24 bytes. */
const KEY_LENGTH = 32;

/**
 * The idempotency key of a delivery: 32 characters of base64url. Never made from an offset or an attempt, so it
 * survives retries, restarts and repair replays. The README holds test vectors.
 */
export function idempotencyKey({ tenant, target, source, id }: DeliveryIdentity): string {
  const identity = JSON.stringify(["v1", tenant, target, source, id]);
  return hash("sha256", identity, "base64url").slice(0, KEY_LENGTH);
}
