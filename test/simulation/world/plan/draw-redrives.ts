import type { Draws } from "./draws.ts";
import type { FaultClass } from "./fault-classes.ts";
import type { OperationPlan, RedriveStrike, TargetPlan } from "./plan.ts";

/** Redrives that a seed has at most. */
const REDRIVES_MAX = 5;

/** What befalls the owner of a key that is redriven, and the class of faults that must be on for it. */
const STRIKES: readonly (readonly [FaultClass, RedriveStrike])[] = [
  ["crash", "kill"],
  ["terminate", "terminate"],
  ["long-stall", "stall"],
  ["rebalance", "rebalance"],
];

/** Redrives, and what befalls those who carry them out: in seeds that have them. */
export function drawRedrives(
  draws: Draws,
  {
    chaosMs,
    classes,
    targets,
  }: {
    readonly chaosMs: number;
    readonly classes: ReadonlySet<FaultClass>;
    readonly targets: readonly TargetPlan[];
  },
): readonly OperationPlan[] {
  if (!classes.has("redrive")) return [];
  const count = 1 + draws.below("redrive.count", REDRIVES_MAX);
  return Array.from({ length: count }, (): OperationPlan => {
    const target = draws.pick("redrive.target", targets);
    const [fault, strike] = draws.pick("redrive.strike", STRIKES);
    const isStruck = draws.chance("redrive.struck", 0.5) && classes.has(fault);
    return {
      at: draws.between("redrive.at", chaosMs * 0.05, chaosMs),
      fault: null,
      kind: "redrive",
      target: target.name,
      pick: draws.below("redrive.pick", 64),
      strike: isStruck ? strike : null,
      // Some hear of it only after two seconds; a key is on its way back for as long as its calls take.
      strikeAfterMs:
        draws.pick("redrive.after", [0, 1, 3]) * draws.between("redrive.after", 0, 1_000),
    };
  });
}
