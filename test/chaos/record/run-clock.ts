/** What a clock is read from. Both in ms. */
export interface ClockHands {
  /** Epoch time, whole: what brokers stamp on records and commits. */
  readonly wall: () => number;
  /** With fractions, from any origin; steady, and so ever further from a wall clock that is being corrected. */
  readonly steady: () => number;
}

/**
 * A clock in epoch milliseconds with fractions that never goes back: the fractions of the steady hand within the
 * milliseconds of the wall clock. So the lines of all parties of a run can be put in order, also against what brokers
 * stamp, while the machine's time is corrected in the course of it.
 */
export function runClock({ wall, steady }: ClockHands): () => number {
  let offset = wall() - steady();
  let last = 0;
  return () => {
    const whole = wall();
    const exact = steady() + offset;
    const now = Math.min(Math.max(exact, whole), whole + LAST_OF_MS);
    offset += now - exact;
    last = Math.max(last, Math.round(now * 1_000) / 1_000);
    return last;
  };
}

/** The latest time within a millisecond, ms. */
const LAST_OF_MS = 0.999;

/** Now, by this process's {@link runClock}. */
export const runNow = runClock({ wall: () => Date.now(), steady: () => performance.now() });
