import { describe, expect, it } from "vitest";

import { CoreWorld } from "./core-world.ts";

/** Seeds of one run; `MILLRACE_SEED` runs a single one, `MILLRACE_SEED_COUNT` so many from 1 on. */
const single = process.env["MILLRACE_SEED"];
const count = Number(process.env["MILLRACE_SEED_COUNT"] ?? 400);
const seeds =
  single === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(single)];
const CHAOS_STEPS = 400;

/** Runs a seed; the error names it and how to run it again. */
function run(seed: number): CoreWorld {
  const world = new CoreWorld(seed);
  try {
    world.run(CHAOS_STEPS);
    return world;
  } catch (error) {
    const again = `MILLRACE_SEED=${seed} npx vitest run --project simulation engine-core`;
    throw new Error(`seed ${seed}, step ${world.stepCount}; again: ${again}`, { cause: error });
  }
}

describe("the engine's core under random faults", () => {
  it("keeps order, settles once, commits only what is settled, and comes to rest", () => {
    for (const seed of seeds) run(seed);
  });

  it("does the same again with the same seed", () => {
    for (const seed of seeds.slice(0, 20)) {
      expect(run(seed).stepCount).toBe(run(seed).stepCount);
    }
  });
});
