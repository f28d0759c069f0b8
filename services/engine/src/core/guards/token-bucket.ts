import type { RateLimit } from "../config.ts";

/** Tokens are fractions added up: so little short of one is one, or the wait for the rest would be no time at all. */
const ROUNDING = 1e-6;

/**
 * A token bucket on the engine's clock, refilled continuously. Tokens are earned by the share that is owned, from the
 * first one on, so that a process that joins, or comes back, adds no burst of its own to that of the target: over all
 * processes the target gets at most the rate, its burst, and one attempt for each process that joins.
 */
export class TokenBucket {
  readonly #rate: RateLimit;
  #perMs = Infinity;
  #burst = Infinity;
  #tokens: number;
  #filledAt: number;

  /**
   * One token and no share of the rate.
   * @param rate the limit; `unlimited` always has a token.
   * @param now monotonic ms.
   */
  constructor(rate: RateLimit, now: number) {
    this.#rate = rate;
    this.#filledAt = now;
    this.#setLimits(0);
    this.#tokens = this.#burst;
  }

  /** Sets the part of the rate that this process may use, from 0 to 1; a burst of one is always allowed. */
  setShare(share: number, now: number): void {
    this.#fill(now);
    this.#setLimits(share);
    this.#tokens = Math.min(this.#burst, this.#tokens);
  }

  /** Whether an attempt may start now. */
  has(now: number): boolean {
    if (this.#perMs === Infinity) return true;
    this.#fill(now);
    return this.#tokens >= 1 - ROUNDING;
  }

  /** Takes the token of an attempt that starts. */
  take(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  /** Monotonic ms at which the next token is there. */
  nextAt(now: number): number {
    if (this.#tokens >= 1 - ROUNDING) return now;
    return now + (1 - this.#tokens) / this.#perMs;
  }

  #setLimits(share: number): void {
    if (this.#rate.kind === "unlimited") return;
    this.#perMs = (this.#rate.perSecond * share) / 1_000;
    this.#burst = Math.max(1, this.#rate.burst * share);
  }

  #fill(now: number): void {
    if (this.#perMs === Infinity) return;
    const gained = Math.max(0, now - this.#filledAt) * this.#perMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = Math.max(this.#filledAt, now);
  }
}
