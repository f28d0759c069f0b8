import type { EngineState } from "./state.ts";

/**
 * Attempts that this process may have in flight now: its share of the target's, less in a slow start, at least one.
 * @see `EngineState.slotCount`
 */
export function allotSlots<P>(state: EngineState<P>): void {
  const { config, share, hold } = state;
  const own = Math.max(1, Math.floor(config.concurrencyMax * share));
  state.slotCount = Math.min(own, hold.breaker.slotsMax);
}
