/** The most that a process has resident while it drains backlogs of different lengths. */
import type { Bench } from "../bench.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import { backlog, drain } from "./drain.ts";
import { familyRow, type FamilyRow } from "./family-row.ts";

const BACKLOGS = [10_000, 100_000, 1_000_000] as const;
const MIB = 1_048_576;

/** Measures ours alone: one run each, the peak is of the whole run. */
export async function measureMemory(bench: Bench): Promise<readonly FamilyRow[]> {
  const rows: FamilyRow[] = [];
  for (const eventCount of BACKLOGS) {
    const once = { ...bench, runCount: 1 };
    const world = await backlog(once, { namespace: `memory${eventCount}`, eventCount });
    const runs = await drain(once, world, {
      subjects: [MILLRACE],
      figuresOf: ({ peakBytes, perSec }) => ({ peakRssMiB: peakBytes / MIB, perSec }),
    });
    const of = { family: "memory", case: `${eventCount} events`, subject: MILLRACE.name };
    rows.push(familyRow(of, runs.get(MILLRACE) ?? []));
  }
  return rows;
}
