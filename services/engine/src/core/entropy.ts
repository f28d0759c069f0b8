/**
 * Random numbers of one step, all from the 32 bits that came in with its input, so that the same inputs give the
 * same effects. Source: mulberry32, Tommy Ettinger, public domain.
 */
export class StepRandom {
  #state: number;

  constructor(entropy: number) {
    this.#state = entropy >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
