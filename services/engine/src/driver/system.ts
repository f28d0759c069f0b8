import type { Cancel, Clock, Entropy } from "../ports.ts";

/** Longest delay a timer takes, ms; longer ones go on from there. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The machine's clock: monotonic for everything that waits, wall time for labels. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  schedule(delayMs, task): Cancel {
    if (delayMs <= 0) {
      const immediate = setImmediate(task);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(task, Math.min(Math.ceil(delayMs), TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};

/** Numbers drawn in one go. */
const BLOCK_LENGTH = 1_024;

/** The machine's randomness, drawn in blocks. */
export function systemEntropy(): Entropy {
  const block = new Uint32Array(BLOCK_LENGTH);
  let position = BLOCK_LENGTH;
  return () => {
    if (position === BLOCK_LENGTH) {
      crypto.getRandomValues(block);
      position = 0;
    }
    const drawn = block[position] ?? 0;
    position += 1;
    return drawn;
  };
}
