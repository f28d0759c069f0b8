/** Every family, by its name. */
import type { Bench } from "../bench.ts";
import type { FamilyRow } from "./family-row.ts";
import { measureBudget } from "./budget.ts";
import { measureFilter } from "./filter.ts";
import { measureIngest } from "./ingest.ts";
import { measureIsolation } from "./isolation.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { measureProcesses } from "./processes.ts";
import { measureRepeats } from "./repeats.ts";
import { measureStartUp } from "./start-up.ts";

/** A family's measuring. */
export type Measure = (bench: Bench) => Promise<readonly FamilyRow[]>;

/** By name, in the order in which they are measured. */
export const FAMILIES = {
  latency: measureLatency,
  processes: measureProcesses,
  "start-up": measureStartUp,
  memory: measureMemory,
  repeats: measureRepeats,
  isolation: measureIsolation,
  filter: measureFilter,
  ingest: measureIngest,
  budget: measureBudget,
} as const satisfies Readonly<Record<string, Measure>>;

/** A name of {@link FAMILIES}. */
export type FamilyName = keyof typeof FAMILIES;

/** Whether there is a family of this name. */
export function isFamily(name: string): name is FamilyName {
  return Object.hasOwn(FAMILIES, name);
}
