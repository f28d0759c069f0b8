/** Parts of a window; a call is forgotten up to a tenth of the window early. */
const SLICE_COUNT = 10;

/** Calls and failures of the last while, in slices of time: constant memory, constant time a call. */
export class CallWindow {
  readonly #calls: number[] = Array.from({ length: SLICE_COUNT }, () => 0);
  readonly #failures: number[] = Array.from({ length: SLICE_COUNT }, () => 0);
  /** Number of the slice that is being filled, counted from the clock's zero. */
  #slice = 0;
  #callCount = 0;
  #failureCount = 0;

  /** As of the last note. */
  get callCount(): number {
    return this.#callCount;
  }

  /** As of the last note. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /**
   * Counts a call.
   * @param at monotonic ms; earlier than a note before it counts as that one's time.
   * @param windowMs how long it counts; the same in every note.
   */
  note(end: "answer" | "failure", at: number, windowMs: number): void {
    this.#advance(Math.floor((at * SLICE_COUNT) / windowMs));
    const index = this.#slice % SLICE_COUNT;
    this.#calls[index] = (this.#calls[index] ?? 0) + 1;
    this.#callCount += 1;
    if (end === "answer") return;
    this.#failures[index] = (this.#failures[index] ?? 0) + 1;
    this.#failureCount += 1;
  }

  /** Forgets all calls. */
  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#callCount = 0;
    this.#failureCount = 0;
  }

  #advance(slice: number): void {
    if (slice - this.#slice >= SLICE_COUNT) this.clear();
    else for (let old = this.#slice + 1; old <= slice; old += 1) this.#forget(old % SLICE_COUNT);
    this.#slice = Math.max(this.#slice, slice);
  }

  #forget(index: number): void {
    this.#callCount -= this.#calls[index] ?? 0;
    this.#failureCount -= this.#failures[index] ?? 0;
    this.#calls[index] = 0;
    this.#failures[index] = 0;
  }
}
