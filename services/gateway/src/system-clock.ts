import type { Cancel, Clock } from "@millrace/engine";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  schedule(delayMs, task): Cancel {
    const timer = setTimeout(task, Math.max(0, Math.ceil(delayMs)));
    return () => clearTimeout(timer);
  },
};
