/** One process of ours against two of the same groups: both have all cores, beside the brokers and the target. */
import type { Bench } from "../bench.ts";
import { ALL_CORES } from "../measure/cores.ts";
import { millraceOf } from "../subjects/millrace.ts";
import { backlog, drain } from "./drain.ts";
import { familyRow, type FamilyRow } from "./family-row.ts";

const PROCESS_COUNTS = [1, 2] as const;
const EVENT_COUNT = 80_000;

/** Measures ours alone. */
export async function measureProcesses(bench: Bench): Promise<readonly FamilyRow[]> {
  const rows: FamilyRow[] = [];
  for (const processCount of PROCESS_COUNTS) {
    const namespace = `processes${processCount}`;
    const world = await backlog(bench, { namespace, eventCount: EVENT_COUNT });
    const subject = millraceOf({ processCount, cores: ALL_CORES });
    const runs = await drain(bench, world, {
      subjects: [subject],
      figuresOf: ({ perSec, cpuUsPerEvent }) => ({ perSec, cpuUsPerEvent }),
    });
    const of = { family: "processes", case: "0 ms, all cores", subject: subject.name };
    rows.push(familyRow(of, runs.get(subject) ?? []));
  }
  return rows;
}
