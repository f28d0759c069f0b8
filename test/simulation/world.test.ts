import { describe, expect, it } from "vitest";

import { hashOf, runSeed } from "./seed-run.ts";

/** `npm run sim` runs as many as wanted, and explains one. */
const SEED_COUNT = 200;
const seeds = Array.from({ length: SEED_COUNT }, (_, index) => index + 1);

describe("the engine and its driver in a simulated world", () => {
  const hashes = new Map<number, string>();

  it("keep every promise under every fault, and come to rest", async () => {
    for (const seed of seeds) {
      const { broken, result } = await runSeed(seed);
      hashes.set(seed, hashOf(result.lines));

      expect({ seed, broken, failures: result.failures }).toEqual({
        seed,
        broken: [],
        failures: [],
      });
    }
  });

  it("write the same history again with the same seed", async () => {
    for (const seed of seeds) {
      const { result } = await runSeed(seed);

      expect([seed, hashOf(result.lines)]).toEqual([seed, hashes.get(seed)]);
    }
  });
});
