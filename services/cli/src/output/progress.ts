import type { Terminal } from "./terminal.ts";

/** Updates a second, at most. */
const UPDATES_PER_SECOND = 8;

/** The line that shows how far a long run is; on a terminal only. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #startedAt: number;
  #shownAt: number;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
    this.#startedAt = now();
    this.#shownAt = this.#startedAt;
  }

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.#now() - this.#startedAt;
  }

  /** Shows `count` things done; `share` is between 0 and 1, null where the end is not known. */
  show(count: number, share: number | null): void {
    const now = this.#now();
    if (now - this.#shownAt < 1_000 / UPDATES_PER_SECOND) return;
    this.#shownAt = now;
    const rate = Math.round((count * 1_000) / Math.max(1, this.elapsedMs));
    const percent = share === null ? "" : `  ${Math.floor(Math.min(1, share) * 100)} %`;
    this.#terminal.progress(`${groupDigits(count)} events  ${groupDigits(rate)}/s${percent}`);
  }

  /** Removes the line. */
  end(): void {
    this.#terminal.progress("");
  }
}

/** A whole number with its thousands apart: `53,247`. */
export function groupDigits(value: number): string {
  return value.toLocaleString("en-US");
}
