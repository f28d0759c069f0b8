import { MillraceError } from "@millrace/engine";
import { createHmac } from "node:crypto";

/** What is signed: exactly what is sent. */
export interface SignedCall {
  /** The idempotency key; without a dot, which separates the signed parts. */
  readonly id: string;
  readonly wallNowMs: number;
  readonly body: Uint8Array | string | null;
}

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/**
 * Signs calls as Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, one signature for each secret.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export class WebhookSigner {
  readonly #keys: readonly Buffer[];

  /** @throws MillraceError `CONFIG_INVALID` without secrets, or for one that is not `whsec_` and 24 to 64 bytes. */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map(keyOf);
    if (this.#keys.length === 0) {
      throw new MillraceError("CONFIG_INVALID", "no secret: standard-webhooks");
    }
  }

  /** The three headers of a call, name and value in turn. The timestamp is that of the attempt. */
  sign({ id, wallNowMs, body }: SignedCall): readonly string[] {
    const timestamp = String(Math.floor(wallNowMs / 1_000));
    const signatures = this.#keys.map((key) => {
      const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`);
      return `v1,${hmac.update(body ?? "").digest("base64")}`;
    });
    return [
      "webhook-id",
      id,
      "webhook-timestamp",
      timestamp,
      "webhook-signature",
      signatures.join(" "),
    ];
  }
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? "", "base64");
  if (key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX) return key;
  const wanted = `whsec_ and base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes`;
  throw new MillraceError("CONFIG_INVALID", `secret is not ${wanted}: standard-webhooks`);
}
