/** Cancels what was scheduled; calling it twice, or after it ran, does nothing. */
export type Cancel = () => void;

/** Time as the driver sees it. Durations and schedules are monotonic; wall time only labels things for people. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start, with fraction. */
  now(): number;
  /** Milliseconds since the Unix epoch. */
  wallNow(): number;
  /** Runs `task` once, no earlier than `delayMs` from now (0 or less: as soon as the caller has returned). */
  schedule(delayMs: number, task: () => void): Cancel;
}

/** A source of randomness: each call gives an unsigned 32-bit integer. */
export type Entropy = () => number;
