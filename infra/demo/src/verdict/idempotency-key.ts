import { hash } from "node:crypto";

/** What the idempotency key of a delivery is made of. */
export interface KeyParts {
  readonly tenant: string;
  readonly target: string;
  readonly source: string;
  readonly id: string;
  /** Which redrive it is of an event that was refused for good whenever it came. Default 0: none. */
  readonly redriveCount?: number;
}

/**
 * The Idempotency-Key that a delivery must carry, computed a second time from its definition: base64url of the first
 * 24 bytes of SHA-256 over the JSON of `["v1", tenant, target, source, id]`. A redrive appends its count: a target that
 * keeps its answers would repeat its refusal.
 */
export function expectedIdempotencyKey(parts: KeyParts): string {
  const { tenant, target, source, id, redriveCount = 0 } = parts;
  const digest = hash("sha256", JSON.stringify(["v1", tenant, target, source, id]), "buffer");
  const key = digest.subarray(0, 24).toString("base64url");
  return redriveCount === 0 ? key : `${key}-${redriveCount}`;
}
