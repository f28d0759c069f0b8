import type { RateLimit } from "./config.ts";

/** A token bucket on the engine's clock, refilled continuously. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  /**
   * @param rate the limit; `unlimited` always has a token.
   * @param now monotonic ms.
   */
  constructor(rate: RateLimit, now: number) {
    this.#perMs = rate.kind === "limited" ? rate.perSecond / 1_000 : Infinity;
    this.#burst = rate.kind === "limited" ? rate.burst : Infinity;
    this.#tokens = this.#burst;
    this.#filledAt = now;
  }

  /** Whether an attempt may start now. */
  has(now: number): boolean {
    if (this.#perMs === Infinity) return true;
    const gained = Math.max(0, now - this.#filledAt) * this.#perMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }

  /** Takes the token of an attempt that starts. */
  take(): void {
    this.#tokens -= 1;
  }

  /** Monotonic ms at which the next token is there. */
  nextAt(now: number): number {
    if (this.#tokens >= 1) return now;
    return now + (1 - this.#tokens) / this.#perMs;
  }
}
