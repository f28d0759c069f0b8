/**
 * API keys: `millrace.<id>.<secret>`. The secret has 256 random bits, so that a plain SHA-256 of the whole key is enough
 * to keep; the key itself is shown once and stored nowhere.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What a key allows: to emit everything, or to one topic. */
export type Scope = "emit" | `emit:${string}`;

/** A key as the gateway knows it. */
export interface ApiKey {
  /** Names the key in logs; no secret. */
  readonly id: string;
  /** Whose it is, for people. */
  readonly name: string;
  /** SHA-256 of the whole key. */
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  /** Epoch ms from which it is refused; null: never. */
  readonly expiresAt: number | null;
}

const PREFIX = "millrace";
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY_LENGTH_MAX = 256;

/** A new key's text and id. */
export function makeApiKey(): { readonly text: string; readonly id: string } {
  const id = randomBytes(ID_BYTES).toString("hex");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { text: `${PREFIX}.${id}.${secret}`, id };
}

/** What is kept of a key. */
export function hashApiKey(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The keys of a gateway. */
export class ApiKeyRing {
  readonly #keys: ReadonlyMap<string, ApiKey>;

  constructor(keys: readonly ApiKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  /**
   * The key that `presented` is, if it is one and has not expired. An unknown id takes the same steps as a wrong secret:
   * neither the answer nor its time tells which ids exist.
   */
  find(presented: string, nowMs: number): ApiKey | null {
    const text = presented.slice(0, KEY_LENGTH_MAX);
    const key = this.#keys.get(text.split(".", 2)[1] ?? "");
    const isSame = timingSafeEqual(hashApiKey(text), key?.hash ?? NO_HASH);
    if (key === undefined || !isSame) return null;
    return key.expiresAt === null || nowMs < key.expiresAt ? key : null;
  }
}

const NO_HASH = randomBytes(32);

/** Whether a key's scopes allow to emit to a topic. */
export function mayEmitTo({ scopes }: ApiKey, topic: string): boolean {
  return scopes.some((scope) => scope === "emit" || scope === `emit:${topic}`);
}
