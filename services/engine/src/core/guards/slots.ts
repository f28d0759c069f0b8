import type { EngineState } from "../state.ts";

/** This process's share of what the target takes at once: at least one, whatever the share. */
export function ownSlots<P>({ limit, share }: EngineState<P>): number {
  return Math.max(1, Math.floor(limit.value * share));
}

/**
 * Whether a retry may begin although first attempts wait. S18: they take turns, so that neither starves where slots or
 * tokens are few; and retries hold at most half of the slots, but always may hold one.
 */
export function isRetryTurn<P>({
  slotCount,
  retryInFlightCount,
  wasRetry,
}: EngineState<P>): boolean {
  return !wasRetry && retryInFlightCount < Math.max(1, Math.floor(slotCount / 2));
}

/** Sets how many attempts may be in flight now: this process's share, or less in a slow start. */
export function allotSlots<P>(state: EngineState<P>): void {
  state.slotCount = Math.min(ownSlots(state), state.hold.breaker.slotsMax);
}
