import type { Draws } from "./draws.ts";
import type { FaultClass } from "./fault-classes.ts";
import type { OperationPlan, RedriveStrike, TargetPlan } from "./plan.ts";

type Redrive = Extract<OperationPlan, { kind: "redrive" }>;

/** Redrives that a seed has at most. */
const REDRIVES_MAX = 5;

/** Discards that a seed has at most. */
const DISCARDS_MAX = 3;

/** What befalls the owner of a key that is redriven, and the class of faults that must be on for it. */
const STRIKES: readonly (readonly [FaultClass, RedriveStrike])[] = [
  ["crash", "kill"],
  ["terminate", "terminate"],
  ["long-stall", "stall"],
  ["rebalance", "rebalance"],
];

/** Redrives and discards, and what befalls those who carry them out: in seeds that have them. */
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
  const draw = (what: "redrive" | "discard"): Redrive => {
    const target = draws.pick(`${what}.target`, targets);
    const [fault, strike] = draws.pick(`${what}.strike`, STRIKES);
    const isStruck = draws.chance(`${what}.struck`, 0.5) && classes.has(fault);
    return {
      at: draws.between(`${what}.at`, chaosMs * 0.05, chaosMs),
      fault: null,
      kind: "redrive",
      target: target.name,
      pick: draws.below(`${what}.pick`, 64),
      strike: isStruck ? strike : null,
      // Some hear of it only after two seconds; a key is on its way back for as long as its calls take.
      strikeAfterMs:
        draws.pick(`${what}.after`, [0, 1, 3]) * draws.between(`${what}.after`, 0, 1_000),
    };
  };
  const redriveCount = 1 + draws.below("redrive.count", REDRIVES_MAX);
  const redrives = Array.from({ length: redriveCount }, () => draw("redrive"));
  const discardCount = draws.below("discard.count", DISCARDS_MAX + 1);
  const discards = Array.from({ length: discardCount }, (): Redrive => {
    const discard = draws.pick("discard.what", ["dead-letter", "parked", "parked"] as const);
    return { ...draw("discard"), discard };
  });
  return [...redrives, ...discards];
}
