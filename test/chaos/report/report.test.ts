import { describe, expect, it } from "vitest";
import { check } from "../../checker/check.ts";
import type { Verdict } from "../../checker/verdict.ts";
import type { RunFacts } from "../chaos-run.ts";
import { delivered } from "../../checker/cases/invariant-case.ts";
import { PROFILES, type ProfileName } from "../profile.ts";
import type { FaultRow } from "./fault-row.ts";
import type { HealthyLatency } from "./healthy-latency.ts";
import { conclude, leftOut, measureLines } from "./report.ts";

function factsOf(name: ProfileName): RunFacts {
  return {
    ...{ profile: PROFILES[name], seed: 1, baseline: { from: 0, to: 1 }, faults: [], healedAt: 9 },
    ...{ restAt: 10, stalls: {}, peakBytes: {}, unstable: [] },
  };
}

/** Exact where no range is given. */
function latencyOf(one: Partial<HealthyLatency>): HealthyLatency {
  const { cleanMs = 20, faultedMs = 20 } = one;
  return {
    ...{ target: "crm", what: "p99-healthy-keys", firstMs: 20, doubt: null, cleanMs, faultedMs },
    cleanRange: { low: cleanMs, high: cleanMs },
    faultedRange: { low: faultedMs, high: faultedMs },
    ...one,
  };
}

function rowOf(startAt: number, one: Partial<HealthyLatency>): FaultRow {
  const fault = { target: "crm", who: ["user-hot"], scope: "keys", startAt, endAt: 5 } as const;
  return {
    ...{ events: 1, lost: 0, disordered: 0, unjustified: 0, repeats: 0, falseDeadLetters: 0 },
    fault: { ...fault, name: "very-slow-key" },
    proof: { isProven: true, text: "" },
    recoveryMs: 0,
    healthy: [latencyOf(one)],
  };
}

/** Of a history that keeps its promises, with the figures of these rows. */
function verdictOf(name: ProfileName, rows: readonly FaultRow[]): Verdict {
  const measures = measureLines(factsOf(name), rows);
  return check(
    delivered((script) => {
      for (const line of measures) script.add(line);
    }),
  );
}

describe("a run of the isolation profile", () => {
  it("is broken where healthy keys take more than 1.2 times as long, with nothing added", () => {
    const held = [rowOf(1, { faultedMs: 24 })];
    const broken = [rowOf(1, { faultedMs: 24.1 })];

    expect(verdictOf("isolation", held).rulings.L4.status).toBe("held");
    expect(verdictOf("isolation", broken).rulings.L4.status).toBe("broken");
    expect(verdictOf("pr", broken).rulings.L4.status).toBe("held");
  });

  it("compares each fault with clean stretches of its own", () => {
    const rows = [rowOf(1, { cleanMs: 100, faultedMs: 100 }), rowOf(2, { faultedMs: 60 })];

    expect(verdictOf("isolation", rows).rulings.L4.status).toBe("broken");
  });

  it("is inconclusive where one of its latencies could not be compared, and judges the others", () => {
    const doubtful = [rowOf(1, {}), rowOf(2, { doubt: "unsteady" })];
    const verdict = verdictOf("isolation", doubtful);

    expect(verdict.rulings.L4.status).toBe("held");
    expect(conclude(factsOf("isolation"), verdict, doubtful)).toEqual({
      result: "inconclusive",
      reasons: ["very-slow-key: latencies of crm are not compared: unsteady"],
    });
  });

  it("is inconclusive where healthy keys take longer by no more than slices differ", () => {
    const noise = { faultedMs: 26, faultedRange: { low: 20, high: 30 } };
    const rows = [rowOf(1, { ...noise, cleanRange: { low: 18, high: 22 } })];
    const verdict = verdictOf("isolation", rows);

    expect(verdict.rulings.L4.status).toBe("held");
    expect(conclude(factsOf("isolation"), verdict, rows)).toEqual({
      result: "inconclusive",
      reasons: [
        "very-slow-key: latencies of crm cannot be told: 1.30 times clean, " +
          "a p99 of 20.0 to 30.0 ms beside 18.0 to 22.0 ms; try a longer --hold",
      ],
    });
  });

  it("is broken where they take longer by more than slices differ", () => {
    const harm = { faultedMs: 30, faultedRange: { low: 27, high: 34 } };
    const rows = [rowOf(1, { ...harm, cleanRange: { low: 18, high: 22 } })];

    expect(verdictOf("isolation", rows).rulings.L4.status).toBe("broken");
  });

  it("allows another target 1.1 times", () => {
    const beside = (faultedMs: number): readonly FaultRow[] => [
      rowOf(1, { what: "p99-healthy-target", target: "audit", faultedMs }),
    ];

    expect(verdictOf("isolation", beside(22)).rulings.L4.status).toBe("held");
    expect(verdictOf("isolation", beside(22.1)).rulings.L4.status).toBe("broken");
  });

  it("is inconclusive without a fault that leaves somebody healthy", () => {
    const { result } = conclude(factsOf("isolation"), verdictOf("isolation", []), []);

    expect(result).toBe("inconclusive");
  });
});

describe("a run of another profile", () => {
  it("judges each fault that lasts long enough to be compared, and names the others", () => {
    const rows = [
      rowOf(1, { doubt: "1 faulted slices" }),
      rowOf(2, { what: "p99-healthy-target", faultedMs: 30 }),
    ];

    expect(leftOut(factsOf("pr"), rows)).toBe(
      "1 of 2 latencies are not compared: 1 faulted slices",
    );
    expect(verdictOf("pr", rows).rulings.L4.status).toBe("broken");
  });

  it("is clean where latencies could not be compared", () => {
    const rows = [rowOf(1, { doubt: "unsteady" })];

    expect(conclude(factsOf("pr"), verdictOf("pr", rows), rows).result).toBe("clean");
  });
});

describe("any run", () => {
  it("is inconclusive where a process that measures stood still for more than 1 s, and tells which, when, in what", () => {
    const rows = [rowOf(1, {})];
    const fault = { name: "disk-full", target: null, who: ["broker-1"], scope: "all" } as const;
    const facts: RunFacts = {
      ...factsOf("pr"),
      faults: [{ ...fault, startAt: 1_000, endAt: 3_000 }],
      stalls: {
        harness: { ms: 1_162.4, at: 2_500 },
        crm: { ms: 1_000, at: 2_600 },
        audit: { ms: 1_001, at: 3_500 },
      },
    };

    expect(conclude(facts, verdictOf("pr", rows), rows)).toEqual({
      result: "inconclusive",
      reasons: [
        "the process of harness stood still for 1162 ms, until 1970-01-01T00:00:02.500Z, during disk-full",
        "the process of audit stood still for 1001 ms, until 1970-01-01T00:00:03.500Z, between faults",
      ],
    });
  });
});
