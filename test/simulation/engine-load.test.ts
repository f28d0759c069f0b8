import { describe, expect, it } from "vitest";
import { EngineLoad } from "../bench/engine-load.ts";

describe("the load of the engine's benchmark", () => {
  it.each([64, 1])("comes through with retries and commits, %i ends an input", (endsPerInput) => {
    const load = new EngineLoad({
      ...{ keyCount: 1_000, partitionCount: 4, concurrencyMax: 64 },
      ...{ retryShare: 0.05, deliveriesPerMs: 100, endsPerInput },
    });
    load.run(20_000);

    const { attempts, settled, commits, steps } = load.counts;
    const retryShare = 1 - settled / attempts;
    expect(retryShare).toBeGreaterThan(0.03);
    expect(retryShare).toBeLessThan(0.08);
    expect(commits).toBeGreaterThan(settled / 100 / 50);
    expect(steps).toBeGreaterThan(settled / 64);
  });
});
