import { runNow } from "./record/run-clock.ts";

const EVERY_MS = 20;

/** A time that a process's event loop stood still. */
export interface Stall {
  /** How long, beyond the interval that is looked at, ms. */
  readonly ms: number;
  /** When it went on, epoch ms. */
  readonly at: number;
}

/** Watches this process's event loop from now on. */
export interface StallWatch {
  /** The longest stall so far; 0 ms when there was none. */
  longest(): Stall;
  stop(): void;
}

/** Looks every 20 ms how late it is. */
export function watchStalls(): StallWatch {
  let seenAt = performance.now();
  let longest: Stall = { ms: 0, at: runNow() };
  const look = (): void => {
    const now = performance.now();
    const ms = now - seenAt - EVERY_MS;
    seenAt = now;
    if (ms > longest.ms) longest = { ms, at: runNow() };
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    longest() {
      look();
      return longest;
    },
    stop: () => clearInterval(timer),
  };
}
