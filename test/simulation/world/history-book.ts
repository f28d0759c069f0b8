import type { HistoryLine } from "../../checker/history.ts";

/** What everyone wrote down during a run, in the order in which they did. */
export class HistoryBook {
  readonly #lines: HistoryLine[] = [];

  get lines(): readonly HistoryLine[] {
    return this.#lines;
  }

  write(line: HistoryLine): void {
    this.#lines.push(line);
  }
}
