import { describe, expect, it } from "vitest";
import type { FaultRecord } from "../faults/fault.ts";
import { PROFILES } from "../profile.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { healthyLatencies, type HealthyLatency } from "./healthy-latency.ts";
import type { ArrivalSeen } from "./observation.ts";

const MINUTE_MS = 60_000;
const FAULT: FaultRecord = {
  name: "slow-key",
  target: "crm",
  who: ["sick"],
  scope: "keys",
  startAt: MINUTE_MS,
  endAt: 2 * MINUTE_MS,
};
const BASELINE = { from: 0, to: MINUTE_MS };
const LAG = [0, MINUTE_MS].map((at) => ({ at, lag: null, idle: 0.5 }));

/** Two minutes of 200 calls a second, of which each takes so long as is told. */
function compare(
  latencyAt: (at: number, random: SeededRandom) => number,
  fault: FaultRecord = FAULT,
): HealthyLatency | undefined {
  const random = new SeededRandom(1);
  const call = (at: number): ArrivalSeen => ({
    ...{ target: "crm", partition: 0, offset: at, key: `user-${at}`, process: "p1", at },
    ...{ endAt: at, latencyMs: latencyAt(at, random), status: 200, retryAfterMs: null },
    ...{ isApplied: true, isBroken: false, isRepeat: false },
  });
  const arrivals = Array.from({ length: 24_000 }, (_, index) => call(index * 5));
  const sick = { ...call(MINUTE_MS), key: "sick", latencyMs: 60_000 };
  const facts = {
    profile: PROFILES.isolation,
    baseline: BASELINE,
    faults: [fault],
    healedAt: fault.endAt,
  };
  const observation = { arrivals: [...arrivals, ...Array.from({ length: 500 }, () => sick)] };
  return healthyLatencies(fault, { facts, observation, lag: LAG })[0];
}

const around = (ms: number, random: SeededRandom): number => ms * (0.5 + random.next());

describe("the latency of healthy keys beside a sick one", () => {
  it("is that of the clean run where the sick key delays nobody", () => {
    const found = compare((_, random) => around(20, random));

    expect(found?.doubt).toBeNull();
    expect((found?.faultedMs ?? 0) / (found?.cleanMs ?? 1)).toBeCloseTo(1, 1);
  });

  it("shows a delay of all by a third", () => {
    const found = compare((at, random) => around(at < MINUTE_MS ? 20 : 27, random));

    expect((found?.faultedMs ?? 0) / (found?.cleanMs ?? 1)).toBeGreaterThan(1.25);
  });

  it("is not moved by one hiccup on either side", () => {
    const isHiccup = (at: number): boolean => at % MINUTE_MS > 30_000 && at % MINUTE_MS < 31_000;
    const found = compare((at, random) => around(isHiccup(at) ? 400 : 20, random));

    expect(found?.cleanMs).toBeLessThan(31);
    expect(found?.faultedMs).toBeLessThan(31);
  });

  it("says nothing after a short fault where slices of the clean run differ", () => {
    const short = { ...FAULT, endAt: MINUTE_MS + 10_000 };
    const found = compare((at, random) => around(at < 30_000 ? 20 : 60, random), short);

    expect(found?.doubt).toMatch(/a p99 of \d+ to \d+ ms in the clean run/u);
  });
});
