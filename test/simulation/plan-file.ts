/** A plan and what is left out of it, as a file: how a failing seed is kept, whatever later versions draw from it. */
import { readFileSync, writeFileSync } from "node:fs";
import type { FaultName } from "./world/plan/draws.ts";
import type { Plan } from "./world/plan/plan.ts";

/** What a file holds. */
export interface PlanFile {
  /** What was wrong, in a sentence. */
  readonly about: string;
  readonly plan: Plan;
  /** Faults of this plan that do not happen. */
  readonly suppressed: ReadonlySet<FaultName>;
}

const SET_MARK = "set";

/** Writes a file that {@link readPlanFile} reads. */
export function writePlanFile(path: string, file: PlanFile): void {
  const text = JSON.stringify(file, (_, value: unknown) =>
    value instanceof Set ? { [SET_MARK]: [...value] } : value,
  );
  writeFileSync(path, `${text}\n`);
}

/** Reads what {@link writePlanFile} wrote. */
export function readPlanFile(path: string): PlanFile {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only what was written here is read
  const file = JSON.parse(readFileSync(path, "utf8"), revive) as PlanFile;
  return { ...file, plan: { ...UNKNOWN_ONCE, ...file.plan } };
}

/** What plans had nothing of when the oldest files were written. */
const UNKNOWN_ONCE: Pick<Plan, "drainMs" | "foci" | "freezes" | "timersEarlyMs"> = {
  drainMs: 45_000,
  foci: [],
  freezes: { share: 0, forMs: 0 },
  timersEarlyMs: 0,
};

function revive(_: string, value: unknown): unknown {
  const isSet = typeof value === "object" && value !== null && SET_MARK in value;
  return isSet && Array.isArray(value[SET_MARK]) ? new Set<unknown>(value[SET_MARK]) : value;
}
