/** Pairs of a fault and a state that cannot occur, each with its reason. One that does occur fails the simulation. */
import type { FaultClass } from "../world/plan/fault-classes.ts";
import type { EngineStateName } from "./engine-states.ts";

/** A set of pairs with one reason. */
export interface ImpossiblePairs {
  readonly faults: readonly FaultClass[];
  readonly states: readonly EngineStateName[];
  readonly reason: string;
}

/** See the head of this file. */
export const IMPOSSIBLE_PAIRS: readonly ImpossiblePairs[] = [];

const REASONS = new Map<string, string>();
for (const { faults, states, reason } of IMPOSSIBLE_PAIRS) {
  for (const fault of faults) for (const state of states) REASONS.set(`${fault} ${state}`, reason);
}

/** Why a pair cannot occur; null where it can. */
export function reasonOf(fault: FaultClass, state: EngineStateName): string | null {
  return REASONS.get(`${fault} ${state}`) ?? null;
}

/** How many pairs there are that cannot occur. */
export const IMPOSSIBLE_COUNT = REASONS.size;
