/** How far behind its last one an offset may be and still go into the array: logs have gaps, but no deserts. */
const GAP_MAX = 4_096;

/** Rows by offset. An array, since offsets are dense; those far off go into a map. */
export class OffsetTable<Row> {
  readonly #near: (Row | undefined)[] = [];
  readonly #far = new Map<number, Row>();

  get(offset: number): Row | undefined {
    return offset < this.#near.length ? this.#near[offset] : this.#far.get(offset);
  }

  /** Offsets that are not negative whole numbers are kept, too: a history may hold anything. */
  set(offset: number, row: Row): void {
    const isNear = Number.isInteger(offset) && offset >= 0;
    if (!isNear || offset > this.#near.length + GAP_MAX || this.#far.has(offset)) {
      this.#far.set(offset, row);
      return;
    }
    while (this.#near.length < offset) this.#near.push(this.#take(this.#near.length));
    this.#near[offset] = row;
  }

  /** Near ones ascending, then the others as they came. */
  *values(): Generator<Row> {
    for (const row of this.#near) if (row !== undefined) yield row;
    yield* this.#far.values();
  }

  /** What was far off moves near when the array has come there. */
  #take(offset: number): Row | undefined {
    const row = this.#far.get(offset);
    this.#far.delete(offset);
    return row;
  }
}
