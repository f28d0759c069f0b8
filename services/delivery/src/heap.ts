import { setFlagsFromString } from "node:v8";

/** How much the heap may grow over what is alive before it is collected, percent. */
const GROWTH_PERCENT = 40;

/**
 * Keeps the heap near what is alive. V8 lets it grow to several times of that on a machine with much memory, and a
 * backlog that drains fast fills it with what died a moment ago: the process would be as large as its machine allows,
 * not as its work needs. Marking runs beside the work.
 *
 * Nothing is made old at once. V8 makes objects that had often survived straight in the old part, such as the first deliveries of a
 * backlog, also when their like lives for some ms no more: dead there, they keep all that they hold until the whole heap is
 * collected.
 *
 * What is young stays in the room that it has had since the program was loaded, some 16 MiB twice, where V8 would double it
 * twice more.
 */
export function tuneHeap(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
