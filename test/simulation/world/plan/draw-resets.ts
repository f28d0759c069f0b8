import type { Draws } from "./draws.ts";
import type { OperationPlan, TargetPlan } from "./plan.ts";

/** Seeds in which people reset breakers, and how often at the most. */
const RESETS_SHARE = 0.3;
const RESETS_MAX = 3;

/** Resets of breakers: each is asked for as soon as one of its target's is open. */
export function drawResets(
  draws: Draws,
  chaosMs: number,
  targets: readonly TargetPlan[],
): readonly OperationPlan[] {
  if (!draws.chance("reset.any", RESETS_SHARE)) return [];
  const count = 1 + draws.below("reset.count", RESETS_MAX);
  return Array.from({ length: count }, (): OperationPlan => {
    const { name: target } = draws.pick("reset.target", targets);
    const at = draws.between("reset.at", 0, chaosMs);
    return { at, fault: null, kind: "breaker-reset", target };
  });
}
