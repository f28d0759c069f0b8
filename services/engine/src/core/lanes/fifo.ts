/** A first-in, first-out queue over one array; taking is constant time on average. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Drops the items that `isKept` refuses; the others keep their order. */
  keep(isKept: (item: Item) => boolean): void {
    this.#items = this.#items.filter((item) => item !== undefined && isKept(item));
    this.#head = 0;
  }

  /** The oldest item, or undefined when empty. */
  take(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
