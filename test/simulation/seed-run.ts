/** One seed from its plan to its verdict. */
import { createHash } from "node:crypto";
import { check } from "../checker/check.ts";
import type { HistoryLine } from "../checker/history.ts";
import { INVARIANT_IDS, type InvariantId, type Verdict } from "../checker/verdict.ts";
import { Draws, type FaultName } from "./world/plan/draws.ts";
import { drawPlan } from "./world/plan/draw-plan.ts";
import type { Plan } from "./world/plan/plan.ts";
import { World, type RunResult, type WorldEars } from "./world/world.ts";

/** A seed that was run. */
export interface SeedRun {
  readonly plan: Plan;
  readonly result: RunResult;
  readonly verdict: Verdict;
  /** Invariants that the history breaks. */
  readonly broken: readonly InvariantId[];
  /** Faults that were drawn, in order. */
  readonly faults: readonly FaultName[];
}

/** What is left out of a seed, and who listens. */
export interface SeedOptions {
  /** Default: as the seed draws it. */
  readonly plan?: Plan;
  readonly suppressed?: ReadonlySet<FaultName>;
  readonly ears?: WorldEars;
  /** Whether violations show their lines; default `left-out`. */
  readonly traces?: "shown" | "left-out";
}

/** Runs a seed and judges its history. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedRun> {
  const { plan = drawPlan(seed), suppressed, ears, traces = "left-out" } = options;
  const draws = new Draws(seed, suppressed);
  const result = await new World(plan, draws, ears).run();
  const verdict = check(result.lines, { traces });
  const broken = INVARIANT_IDS.filter((id) => verdict.rulings[id].status === "broken");
  return { plan, result, verdict, broken, faults: draws.faults };
}

/** What tells two histories apart. */
export function hashOf(lines: readonly HistoryLine[]): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(JSON.stringify(line));
  return hash.digest("hex");
}
