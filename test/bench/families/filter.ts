/** A backlog of which the target's filter lets one record in a hundred through: by its headers, or only once it is decoded. */
import type { Bench } from "../bench.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import { EVENT_TYPE } from "../workload/event.ts";
import { backlog, drain } from "./drain.ts";
import { familyRow, type FamilyRow } from "./family-row.ts";

const FILLERS_PER_EVENT = 99;
const EVENT_COUNT = 4_000;

const FILTERS = {
  "on headers alone": `event.type == '${EVENT_TYPE}'`,
  "on the data": "event.data.userId.startsWith('user-')",
} as const;

/** Measures ours alone. */
export async function measureFilter(bench: Bench): Promise<readonly FamilyRow[]> {
  const rows: FamilyRow[] = [];
  for (const [index, [name, filter]] of Object.entries(FILTERS).entries()) {
    const world = await backlog(bench, {
      ...{ namespace: `filter${index}`, eventCount: EVENT_COUNT, target: { filter } },
      fillersPerEvent: FILLERS_PER_EVENT,
    });
    const runs = await drain(bench, world, {
      subjects: [MILLRACE],
      figuresOf: ({ perSec, cpuUsPerEvent }) => ({
        recordsPerSec: perSec * (FILLERS_PER_EVENT + 1),
        cpuUsPerRecord: cpuUsPerEvent / (FILLERS_PER_EVENT + 1),
      }),
    });
    const of = { family: "filter", case: name, subject: MILLRACE.name };
    rows.push(familyRow(of, runs.get(MILLRACE) ?? []));
  }
  return rows;
}
