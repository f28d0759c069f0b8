import { describe, expect, it } from "vitest";
import { DRAWN_FAULT_NAMES } from "./faults/fault-name.ts";
import { planFaults } from "./fault-plan.ts";
import { PROFILES } from "./profile.ts";

describe("planFaults", () => {
  it("plans the same for the same seed, and another order for another", () => {
    expect(planFaults(PROFILES.pr, 7)).toEqual(planFaults(PROFILES.pr, 7));
    expect(planFaults(PROFILES.pr, 7)).not.toEqual(planFaults(PROFILES.pr, 8));
  });

  it("has eight faults in the pr profile, none twice, four of them always", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const plan = planFaults(PROFILES.pr, seed);

      expect(new Set(plan).size).toBe(8);
      expect(plan).toEqual(
        expect.arrayContaining(["kill", "zombie", "rolling-restart", "broker-kill"]),
      );
    }
  });

  it("comes to every fault that one broker can have within six seeds of the pr profile", () => {
    const planned = new Set([1, 2, 3, 4, 5, 6].flatMap((seed) => planFaults(PROFILES.pr, seed)));

    expect([...planned].sort()).toEqual(
      DRAWN_FAULT_NAMES.filter((name) => name !== "leader-chase").sort(),
    );
  });

  it("has every fault in a round of the nightly profile", () => {
    const plan = planFaults(PROFILES.nightly, 1);

    expect(new Set(plan)).toEqual(new Set(DRAWN_FAULT_NAMES));
  });
});
