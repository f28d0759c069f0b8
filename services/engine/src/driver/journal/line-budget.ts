/** Lines of one kind that are written within a window, ms. */
const LINES_MAX = 100;
const WINDOW_MS = 10_000;

/** Keeps an outage from flooding the log: so many lines a window, and how many were left out with the first of the next. */
export class LineBudget {
  #windowFrom = -Infinity;
  #lineCount = 0;
  #leftOutCount = 0;

  /** How many lines were left out before the one that may be written now; null when this one is left out too. */
  take(now: number): number | null {
    if (now - this.#windowFrom >= WINDOW_MS) {
      this.#windowFrom = now;
      this.#lineCount = 0;
    }
    if (this.#lineCount === LINES_MAX) {
      this.#leftOutCount += 1;
      return null;
    }
    this.#lineCount += 1;
    const leftOutCount = this.#leftOutCount;
    this.#leftOutCount = 0;
    return leftOutCount;
  }
}
