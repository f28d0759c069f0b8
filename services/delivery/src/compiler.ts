import { setFlagsFromString } from "node:v8";

/**
 * Has functions compiled to plain machine code when they are called first. V8 would interpret each until it has been called
 * often, and again whenever its optimised code did not hold, and what is called for every event is many small functions: a fifth
 * of the work went there. It takes some 15 MiB.
 */
export function compileAtOnce(): void {
  setFlagsFromString("--always-sparkplug");
}
