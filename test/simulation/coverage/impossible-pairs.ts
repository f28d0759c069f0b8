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
export const IMPOSSIBLE_PAIRS: readonly ImpossiblePairs[] = [
  {
    faults: ["redrive"],
    states: ["membership-none"],
    reason:
      "Who is asked for a redrive owns the partition whose key is set aside. An engine that is no member owns none: with " +
      "its membership all its epochs end.",
  },
  {
    faults: ["gaps", "refetch"],
    states: ["membership-none", "membership-draining", "generation-over"],
    reason:
      "Both strike in the source, when it hands records over or takes up its positions. It does so from the end of a " +
      "takeover, with which the engine is a member of a generation that is not over, until a drain or a loss, at which " +
      "it stops before its listener hears of it.",
  },
];

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
