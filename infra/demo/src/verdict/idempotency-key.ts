import { hash } from "node:crypto";

/** What the idempotency key of a delivery is made of. */
export interface KeyParts {
  readonly tenant: string;
  readonly target: string;
  readonly source: string;
  readonly id: string;
}

/**
 * The Idempotency-Key that a delivery must carry, computed a second time from its definition: base64url of the first
 * 24 bytes of SHA-256 over the JSON of `["v1", tenant, target, source, id]`.
 */
export function expectedIdempotencyKey({ tenant, target, source, id }: KeyParts): string {
  const digest = hash("sha256", JSON.stringify(["v1", tenant, target, source, id]), "buffer");
  return digest.subarray(0, 24).toString("base64url");
}
