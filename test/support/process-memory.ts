import { readFileSync } from "node:fs";

/** The most that a process ever had resident, bytes; null where it is gone, or the system has no /proc. */
export function peakMemory(pid: number): number | null {
  try {
    const [, kibibytes] =
      /^VmHWM:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
  } catch {
    return null;
  }
}
