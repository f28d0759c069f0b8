import { peakMemory } from "../support/process-memory.ts";
import type { DelivererPool } from "./deliverer-pool.ts";

const EVERY_MS = 500;

/** The most that each delivery process ever had resident, bytes, by its name. */
export interface MemoryWatch {
  readonly peaks: ReadonlyMap<string, number>;
  stop(): void;
}

/** Asks the system again and again, as a process that was killed tells nothing any more. */
export function watchMemory(pool: DelivererPool): MemoryWatch {
  const peaks = new Map<string, number>();
  const timer = setInterval(() => {
    for (const { name, process } of pool.running) {
      const peak = peakMemory(process.pid);
      if (peak !== null) peaks.set(name, peak);
    }
  }, EVERY_MS);
  return { peaks, stop: () => clearInterval(timer) };
}
