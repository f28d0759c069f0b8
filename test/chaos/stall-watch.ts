import { monitorEventLoopDelay } from "node:perf_hooks";

/** Longest time that this process's event loop stood still, ms. */
export function watchStalls(): { readonly maxMs: () => number; readonly stop: () => void } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return { maxMs: () => delay.max / 1e6, stop: () => void delay.disable() };
}
