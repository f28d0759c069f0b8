/** What became of the events of a range when they were delivered live, as far as the journal knows. */
import type { JournalEntry, JournalSkip } from "@millrace/engine";
import type { CountedRange } from "./range-count.ts";

/** Events of a range by how their live delivery ended; they add up to its events. */
export interface FirstTime {
  readonly delivered: number;
  /** Left out by the filter, or for having no value. */
  readonly skipped: number;
  readonly deadLettered: number;
  /** Set aside behind another event of their key, and not delivered since. */
  readonly parked: number;
  /** Of which the journal knows nothing: not settled yet, older than it, or lost to it. */
  readonly unknown: number;
}

/** What the journal has of a part of a range; see `RangeHistory` of the journal. */
export interface PartHistory {
  readonly entries: readonly Pick<JournalEntry, "attempts" | "offset" | "outcome">[];
  readonly skipped: readonly Pick<JournalSkip, "from" | "to">[];
}

/** Calls that delivered something. */
export interface CallTimes {
  readonly count: number;
  readonly totalMs: number;
}

/** Gathers a range, part by part. */
export class FirstTimes {
  readonly #range: CountedRange;
  readonly #counts = { delivered: 0, skipped: 0, deadLettered: 0, parked: 0 };
  #callCount = 0;
  #callMs = 0;

  constructor(range: CountedRange) {
    this.#range = range;
  }

  /** Takes what the journal has of the offsets in `from..to`; parts do not overlap. */
  take({ entries, skipped }: PartHistory, from: number, to: number): void {
    const outcomes = new Map<number, JournalEntry["outcome"]>();
    for (const { offset, outcome, attempts } of entries) {
      // What was parked goes on later: how it ended then is how it ended the first time.
      if ((outcomes.get(offset) ?? "parked") === "parked") outcomes.set(offset, outcome);
      if (outcome === "delivered") this.#noteCall(attempts.at(-1)?.durationMs ?? null);
    }
    for (const run of skipped) {
      for (let at = Math.max(run.from, from); at < Math.min(run.to, to); at += 1)
        if (!outcomes.has(at)) outcomes.set(at, "skipped");
    }
    const { offsets } = this.#range;
    for (const [offset, outcome] of outcomes) if (offsets.has(offset)) this.#note(outcome);
  }

  get calls(): CallTimes {
    return { count: this.#callCount, totalMs: this.#callMs };
  }

  get counts(): FirstTime {
    const { delivered, skipped, deadLettered, parked } = this.#counts;
    const known = delivered + skipped + deadLettered + parked;
    return { ...this.#counts, unknown: this.#range.planned.events - known };
  }

  #note(outcome: JournalEntry["outcome"]): void {
    switch (outcome) {
      case "delivered":
      case "skipped":
      case "parked":
        this.#counts[outcome] += 1;
        return;
      case "dead-lettered":
        this.#counts.deadLettered += 1;
        return;
      case "failed":
    }
  }

  #noteCall(durationMs: number | null): void {
    if (durationMs === null) return;
    this.#callCount += 1;
    this.#callMs += durationMs;
  }
}
