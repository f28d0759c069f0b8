/** What a bag holds: it knows its place there. */
export interface Bagged {
  /** The bag's own; any number before. */
  place: number;
}

/**
 * Items in no order, for what comes and goes with each event. A Set would do but for V8's memory: it is made anew every so many
 * changes, each table that it leaves behind points to the next one and to all that was in it, and once one of them is old, all
 * that ever was in the set is kept until the whole heap is collected.
 */
export class Bag<Item extends Bagged> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Puts an item in that is in no bag. */
  add(item: Item): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** Takes an item out; one that is not in it changes nothing. */
  delete(item: Item): void {
    if (this.#items[item.place] !== item) return;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    last.place = item.place;
    this.#items[item.place] = last;
  }

  /** What is in it now; it may change meanwhile. */
  [Symbol.iterator](): IterableIterator<Item> {
    return [...this.#items].values();
  }
}
