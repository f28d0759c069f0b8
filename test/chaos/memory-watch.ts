import { readFileSync } from "node:fs";
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
      const peak = peakOf(process.pid);
      if (peak !== null) peaks.set(name, peak);
    }
  }, EVERY_MS);
  return { peaks, stop: () => clearInterval(timer) };
}

/** Null: it is gone, or the system has no /proc. */
function peakOf(pid: number): number | null {
  try {
    const [, kibibytes] =
      /^VmHWM:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
  } catch {
    return null;
  }
}
