import { setFlagsFromString } from "node:v8";

/** How much the heap may grow over what is alive before it is collected, percent. */
const GROWTH_PERCENT = 30;

/**
 * Keeps the heap near what is alive. V8 lets it grow to several times of that on a machine with much memory, and a
 * backlog that drains fast fills it with what died a moment ago: the process would be as large as its machine allows,
 * not as its work needs. Marking runs beside the work.
 */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
