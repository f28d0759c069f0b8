import { describe, expect, it } from "vitest";
import { planText, readPlan, type SavedPlan } from "./saved-plan.ts";

const ITEM = {
  ...{ topic: "users", partition: 0, from: "2", to: "9", records: 7, events: 3 },
  ...{ first: "2026-01-01T00:00:00.000Z", last: "2026-01-01T00:00:09.000Z" },
  firstTime: { delivered: 1, skipped: 0, deadLettered: 1, parked: 0, unknown: 1 },
  only: [1, 2, 0, 1],
};

/** Every field there is. */
const PLAN: SavedPlan = {
  ...{ apiVersion: "millrace/v1", kind: "ReplayPlan", target: "crm" },
  ...{ keys: ["a"], filter: "event.data.revision > 2" },
  ...{ mappingRevision: "0123456789abcdef", basis: { order: "fedcba9876543210" } },
  madeAt: "2026-01-02T00:00:00.000Z",
  gone: [{ topic: "users", partition: 0, from: "0", to: "2", isExact: true }],
  laterKeys: { count: 1, keys: ["a"], isComplete: true },
  estimate: { calls: 3, aloneSeconds: 1, besideLiveSeconds: 5, boundBy: "rate" },
  items: [ITEM],
};

function refusal(change: Readonly<Record<string, unknown>>): unknown {
  try {
    return readPlan(JSON.stringify({ ...PLAN, ...change }), "plan.json");
  } catch (error) {
    return error;
  }
}

describe("a saved plan", () => {
  it("is JSON of this form, and is read as it was written", () => {
    const text = planText(PLAN);

    expect(JSON.parse(text)).toEqual(PLAN);
    expect(readPlan(text, "plan.json")).toEqual(PLAN);
    const bare = { ...PLAN, keys: null, filter: null, laterKeys: null, estimate: null, gone: [] };
    expect(readPlan(planText(bare), "plan.json")).toEqual(bare);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["another version", { apiVersion: "millrace/v2" }],
    ["another kind", { kind: "ReplayReport" }],
    ["no target", { target: null }],
    ["no basis", { basis: "x" }],
    ["keys that are no texts", { keys: [1] }],
    ["a filter that is no text", { filter: 1 }],
    ["keys behind it that are not counted", { laterKeys: { keys: ["a"] } }],
    ["a range without an end", { items: [{ ...ITEM, to: "-1" }] }],
    ["a count that is none", { items: [{ ...ITEM, events: "3" }] }],
    ["a time that is none", { items: [{ ...ITEM, first: "yesterday" }] }],
    ["offsets that are not of its range", { items: [{ ...ITEM, only: [0, 8] }] }],
  ])("is refused with %s, saying what to do", (_, change) => {
    expect(refusal(change)).toMatchObject({
      exitCode: 2,
      message: "plan.json is no plan of a replay (millrace/v1)",
      hint: "make one with millrace replay plan --save FILE",
    });
  });

  it("is refused where it is no JSON", () => {
    expect(() => readPlan("{", "plan.json")).toThrow("plan.json is no plan of a replay");
  });
});
