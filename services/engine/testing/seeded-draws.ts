/** Randomness that a seed repeats (mulberry32). */
export class SeededDraws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 random bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** Uniform whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor((this.bits() / 2 ** 32) * count);
  }

  chance(share: number): boolean {
    return this.bits() / 2 ** 32 < share;
  }

  /** One of the items. @throws for none. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  /** Takes one of the items out; undefined for none. */
  take<Item>(items: Item[]): Item | undefined {
    return items.length === 0 ? undefined : items.splice(this.below(items.length), 1)[0];
  }
}
