import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

import { runSeed } from "./seed-run.ts";
import { drawPlan } from "./world/plan/draw-plan.ts";
import type { Plan } from "./world/plan/plan.ts";

const SEED_COUNT = 40;

describe("a world that has come to rest", () => {
  it("leaves nothing in memory, whatever its dead processes still waited for", async () => {
    const plans: WeakRef<Plan>[] = [];
    for (let seed = 1; seed <= SEED_COUNT; seed += 1) plans.push(await runThrough(seed));

    await collectGarbage();

    const kept = plans.flatMap((plan, index) => (plan.deref() === undefined ? [] : [index + 1]));
    expect(kept).toEqual([]);
  });
});

/** Holds the plan, as its world does, until the run is over. */
async function runThrough(seed: number): Promise<WeakRef<Plan>> {
  const plan = drawPlan(seed);
  await runSeed(seed, { plan });
  return new WeakRef(plan);
}

/** What a weak reference was made to in this turn of the event loop stays until the next. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  await new Promise((resolve) => setImmediate(resolve));
  runInNewContext("gc()");
}
