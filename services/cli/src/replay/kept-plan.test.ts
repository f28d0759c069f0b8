import { describe, expect, it } from "vitest";
import { MemoryReader, T0 } from "../../test-support/memory-reader.ts";
import { silentProgress } from "../../test-support/silent-progress.ts";
import { goneText } from "./gone-records.ts";
import { keptPlan } from "./kept-plan.ts";
import type { PlannedRange, SavedPlan } from "./saved-plan.ts";

const KEYS = ["a", "b", "a", "b", "a", "b", "a", "b", "a", "b"];

function item(partition: number, from: number, to: number): PlannedRange {
  const count = to - from;
  const place = { topic: "users", partition, from: String(from), to: String(to) };
  return {
    ...place,
    records: count,
    events: count,
    first: null,
    last: null,
    firstTime: null,
    only: null,
  };
}

function planOf(items: readonly PlannedRange[], keys: SavedPlan["keys"] = null): SavedPlan {
  return {
    ...{ apiVersion: "millrace/v1", kind: "ReplayPlan", target: "crm", keys, gone: [], items },
    filter: null,
    ...{
      laterKeys: null,
      estimate: null,
      mappingRevision: "r1",
      basis: {},
      madeAt: "2026-01-01T00:00:00.000Z",
    },
  };
}

/** Two partitions of ten records each, whose first `start` are gone. */
function kept(plan: SavedPlan, start: number) {
  const reader = new MemoryReader([KEYS, KEYS], start);
  return keptPlan(plan, { reader, progress: silentProgress() });
}

describe("a plan when it is started", () => {
  it("is as it was where the log still has all of it", async () => {
    const plan = planOf([item(0, 3, 9), item(1, 5, 8)]);

    expect(await kept(plan, 3)).toEqual({ plan, gone: [] });
  });

  it("has what is left of it, counted anew, where retention has cut it", async () => {
    const { plan, gone } = await kept(planOf([item(0, 1, 8), item(1, 6, 9)], ["a"]), 5);

    expect(plan.items).toEqual([
      item(1, 6, 9),
      {
        ...{ topic: "users", partition: 0, from: "5", to: "8", records: 3, events: 1 },
        first: new Date(T0 + 6_000).toISOString(),
        last: new Date(T0 + 6_000).toISOString(),
        ...{ firstTime: null, only: null },
      },
    ]);
    expect(gone).toEqual([{ topic: "users", partition: 0, from: "1", to: "5", isExact: true }]);
    expect(goneText(gone)).toBe("4 records of the range are gone from the log (users:0: 4)");
  });

  it("has of the events that a filter let through those that are left", async () => {
    const filtered = { ...item(0, 1, 8), only: [1, 3, 1, 1], events: 4 };
    const plan = { ...planOf([filtered]), filter: "event.data.revision > 2" };

    expect((await kept(plan, 4)).plan.items).toMatchObject([
      { from: "4", to: "8", records: 4, events: 2, only: [0, 1, 1, 1] },
    ]);
  });

  it("has no items where all of it is gone", async () => {
    const { plan, gone } = await kept(planOf([item(0, 1, 4)]), 6);

    expect(plan.items).toEqual([]);
    expect(goneText(gone)).toBe("3 records of the range are gone from the log (users:0: 3)");
  });

  it("is refused where the log ends below it", async () => {
    await expect(kept(planOf([item(0, 1, 11)]), 0)).rejects.toMatchObject({
      exitCode: 5,
      message: "the log of users/0 ends at 10, and the plan goes up to 11: it is another log",
    });
  });
});

describe("what is said to be gone", () => {
  it("is a bound where nobody knows how much of it was meant, and one record is one", () => {
    const gone = { topic: "users", partition: 0, from: "0", to: "1" };

    expect(goneText([{ ...gone, isExact: true }])).toBe(
      "1 record of the range is gone from the log (users:0: 1)",
    );
    expect(goneText([{ ...gone, isExact: false }])).toBe(
      "up to 1 records of the range are gone from the log (users:0: 1)",
    );
  });
});
