import { describe, expect, it } from "vitest";
import { HEALTHY, planCall, readScript, type ApiScript } from "./api-script.ts";
import { seededRandom } from "./random.ts";

describe("planCall", () => {
  it("applies every call of a healthy API at once", () => {
    expect(planCall(HEALTHY, "a", seededRandom(1))).toEqual({ delayMs: 0, end: { kind: "apply" } });
  });

  it("gives each fault its share of the calls, the same ones for the same seed", () => {
    const script: ApiScript = {
      ...HEALTHY,
      faults: [
        { kind: "status", share: 0.2, status: 503 },
        { kind: "reset", share: 0.1, when: "after" },
      ],
    };
    const kinds = (): string[] => {
      const random = seededRandom(7);
      return Array.from({ length: 10_000 }, () => planCall(script, null, random).end.kind);
    };
    const share = (kind: string): number =>
      kinds().filter((other) => other === kind).length / 10_000;

    expect(share("status")).toBeCloseTo(0.2, 1);
    expect(share("reset")).toBeCloseTo(0.1, 1);
    expect(share("apply")).toBeCloseTo(0.7, 1);
    expect(kinds()).toEqual(kinds());
  });

  it("refuses a rejected key whatever else is planned, and delays a slow one", () => {
    const script: ApiScript = {
      latency: { kind: "fixed", ms: 10 },
      faults: [{ kind: "status", share: 1, status: 503 }],
      reject: { bad: 422 },
      slow: { bad: 500 },
    };

    expect(planCall(script, "bad", seededRandom(1))).toEqual({
      delayMs: 510,
      end: { kind: "status", status: 422 },
    });
    expect(planCall(script, "toString", seededRandom(1)).delayMs).toBe(10);
  });

  it.each([
    [{ kind: "uniform", minMs: 10, maxMs: 20 } as const, 10, 20],
    [{ kind: "exponential", meanMs: 5, maxMs: 30 } as const, 0, 30],
  ])("keeps latencies of %j in range", (latency, min, max) => {
    const random = seededRandom(3);
    const delays = Array.from(
      { length: 1_000 },
      () => planCall({ ...HEALTHY, latency }, null, random).delayMs,
    );

    expect(Math.min(...delays)).toBeGreaterThanOrEqual(min);
    expect(Math.max(...delays)).toBeLessThanOrEqual(max);
  });
});

describe("readScript", () => {
  it("takes what is left out as healthy", () => {
    expect(readScript({})).toEqual(HEALTHY);
  });

  it("reads back what it is given", () => {
    const script: ApiScript = {
      latency: { kind: "uniform", minMs: 1, maxMs: 2 },
      faults: [
        { kind: "status", share: 0.1, status: 429, retryAfterSeconds: 2 },
        { kind: "reset", share: 0.1, when: "during" },
        { kind: "hang", share: 0.1, ms: 60_000 },
      ],
      reject: { a: 400 },
      slow: { b: 100 },
    };

    expect(readScript(JSON.parse(JSON.stringify(script)))).toEqual(script);
  });

  it.each([
    [[], /script: an object/u],
    [{ fault: [] }, /unknown field fault/u],
    [{ latency: { kind: "normal" } }, /latency.kind/u],
    [{ latency: { kind: "fixed", ms: "1" } }, /latency.ms/u],
    [{ faults: {} }, /faults: a list/u],
    [{ faults: [{ kind: "explode", share: 0.1 }] }, /faults\[0\].kind/u],
    [{ faults: [{ kind: "reset", share: 0.1, when: "later" }] }, /faults\[0\].when/u],
    [{ reject: { a: -1 } }, /reject.a/u],
  ])("refuses %j and names what is wrong", (script, message) => {
    expect(() => readScript(script)).toThrow(message);
  });

  it("refuses shares of more than everything", () => {
    const fault = { kind: "status", share: 0.6, status: 500 };

    expect(() => readScript({ faults: [fault, fault] })).toThrow(/add up to 1.2/u);
  });
});
