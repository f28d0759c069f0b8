/** A binary heap of things that are due at a time; the earliest comes out first, ties in no order. */
export class DueHeap<Item extends { readonly dueAt: number }> {
  #items: Item[] = [];

  get length(): number {
    return this.#items.length;
  }

  /** The time at which the earliest is due, or Infinity when empty. */
  get nextDueAt(): number {
    return this.#items[0]?.dueAt ?? Infinity;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  /** Drops the items that `isKept` refuses. */
  keep(isKept: (item: Item) => boolean): void {
    const kept = this.#items.filter(isKept);
    this.#items = [];
    for (const item of kept) this.push(item);
  }

  /** The earliest item that is due at `now`, or undefined. */
  takeDue(now: number): Item | undefined {
    const first = this.#items[0];
    if (first === undefined || first.dueAt > now) return undefined;
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last;
      this.#sink();
    }
    return first;
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#dueAt(parent) <= this.#dueAt(index)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const least = this.#dueAt(left + 1) < this.#dueAt(left) ? left + 1 : left;
      if (this.#dueAt(index) <= this.#dueAt(least)) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #dueAt(index: number): number {
    return this.#items[index]?.dueAt ?? Infinity;
  }

  #swap(one: number, other: number): void {
    const first = this.#items[one];
    const second = this.#items[other];
    if (first === undefined || second === undefined) return;
    this.#items[one] = second;
    this.#items[other] = first;
  }
}
