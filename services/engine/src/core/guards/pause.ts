import type { StepContext } from "../context.ts";
import type { Hold } from "./hold.ts";

/** Who may pause a target: people, or the flood guard of dead letters. */
export type Pauser = "operator" | "guard";

/**
 * A pause stands until it is ended by name: control state, not a matter of time. Nothing starts; what is in flight
 * ends, what is being written is written, commits go on. The target runs when no pause stands.
 */
export type Pauses = Set<Pauser>;

/** Whether a pause stands. */
export function isPaused<P>({ pauses }: Hold<P>): boolean {
  return pauses.size > 0;
}

/**
 * Pauses the target; again changes nothing.
 * @param reason for people: a code, or what the operator wrote.
 */
export function pauseTarget<P>(
  { state: { hold }, effects, now }: StepContext<P>,
  by: Pauser,
  reason: string,
): void {
  if (hold.pauses.has(by)) return;
  hold.pauses.add(by);
  hold.heldSince ??= now;
  effects.push({ kind: "paused", by, reason });
}

/** Ends one pause; the other goes on. */
export function resumeTarget<P>({ state, effects }: StepContext<P>, by: Pauser): void {
  if (state.hold.pauses.delete(by)) effects.push({ kind: "resumed", by });
}
