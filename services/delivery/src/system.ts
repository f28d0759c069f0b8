import { randomBytes } from "node:crypto";
import type { Cancel, Clock, Entropy } from "@millrace/engine";

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

/** The machine's randomness, drawn in blocks. */
export function systemEntropy(): Entropy {
  const blockBytes = 4_096;
  let block = randomBytes(blockBytes);
  let position = 0;
  return () => {
    if (position === blockBytes) {
      block = randomBytes(blockBytes);
      position = 0;
    }
    const drawn = block.readUInt32LE(position);
    position += 4;
    return drawn;
  };
}
