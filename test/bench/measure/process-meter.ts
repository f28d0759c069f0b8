/** What a process has cost so far, as Linux tells it. */
import { readdirSync, readFileSync } from "node:fs";
import { peakMemory } from "../../support/process-memory.ts";

/** Of a process, or of several together. */
export interface Cost {
  /** CPU time of all threads that live, us. */
  readonly cpuUs: number;
  /** The most that was ever resident, bytes; of several, the sum. */
  readonly peakBytes: number;
}

/** Reads what processes have cost; one that is gone counts as nothing. */
export function costOf(pids: readonly number[]): Cost {
  let [cpuUs, peakBytes] = [0, 0];
  for (const pid of pids) {
    cpuUs += cpuOf(pid);
    peakBytes += peakMemory(pid) ?? 0;
  }
  return { cpuUs, peakBytes };
}

/** The processes that a process has started and that live. */
export function childrenOf(pid: number): readonly number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

/** `schedstat` counts ns, where `stat` counts ticks of 10 ms. */
function cpuOf(pid: number): number {
  const folder = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const thread of listed(folder)) {
    nanoseconds += Number(read(`${folder}/${thread}/schedstat`).split(" ")[0]);
  }
  return nanoseconds / 1_000;
}

/** A thread may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
