import { setFlagsFromString } from "node:v8";

/** How much the heap may grow over what is alive before it is collected, percent. */
const GROWTH_PERCENT = 100;

/**
 * Keeps the heap near what is alive. V8 lets it grow to several times of that on a machine with much memory, and a
 * backlog that drains fast fills it with what died a moment ago: the process would be as large as its machine allows,
 * not as its work needs. Marking runs beside the work; with a tighter bound it never rests, and takes a third of the time.
 *
 * What is young stays in the room that it has had since the program was loaded, some 16 MiB twice, where V8 would double it
 * twice more.
 */
export function boundHeapGrowth(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
