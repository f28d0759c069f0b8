import type { OperationPlan, RedriveStrike } from "../plan/plan.ts";

/** What befalls the process in a place, or its target's group, now. */
export function strikeOf(
  strike: RedriveStrike,
  { target, slot }: { readonly target: string; readonly slot: number },
): OperationPlan {
  switch (strike) {
    case "kill":
      return { at: 0, fault: "crash", kind: "kill", slot, downMs: 1_000 };
    case "terminate":
      return { at: 0, fault: "terminate", kind: "terminate", slot, downMs: 1_000 };
    case "stall":
      return { at: 0, fault: "long-stall", kind: "stall", slot, forMs: 12_000 };
    case "rebalance":
      return { at: 0, fault: "rebalance", kind: "rebalance", target };
  }
}
