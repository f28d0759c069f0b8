import { setFlagsFromString } from "node:v8";

/**
 * Has V8 compile functions when they are first called, and make nothing old at once: what a busy gateway does for each event is
 * many small functions, and what it makes lives for a round trip to the brokers, which V8 takes for long. ADR 0029.
 */
export function tuneV8(): void {
  setFlagsFromString("--always-sparkplug");
  setFlagsFromString("--no-allocation-site-pretenuring");
}
