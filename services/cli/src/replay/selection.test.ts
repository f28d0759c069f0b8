import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { PlannedRange } from "./saved-plan.ts";
import { keySelection, plannedSelection } from "./selection.ts";

function record(offset: number, key: string | null, partition = 0): SourceRecord {
  return {
    ...{ topic: asTopic("users"), partition: asPartition(partition), offset: asOffset(offset) },
    ...{ key: key === null ? null : Buffer.from(key), value: null, headers: {}, timestampMs: 0 },
  };
}

function item(partition: number, only: PlannedRange["only"]): PlannedRange {
  return {
    ...{ topic: "users", partition, from: "2", to: "8", records: 6, events: 3 },
    ...{ first: null, last: null, firstTime: null, only },
  };
}

describe("what a replay means", () => {
  it("are all records, or those of its keys", () => {
    const records = [record(0, "a"), record(1, "b"), record(2, null)];

    expect(records.map(keySelection(null).isMeant)).toEqual([true, true, true]);
    expect(records.map(keySelection(["b", "c"]).isMeant)).toEqual([false, true, false]);
  });

  it("are of a plan with a filter the offsets that it found, and of these its keys", () => {
    const { isMeant } = plannedSelection([item(0, [1, 2, 2, 1]), item(1, null)], null);
    const offsets = [2, 3, 4, 5, 6, 7];

    expect(offsets.filter((offset) => isMeant(record(offset, "a")) === true)).toEqual([3, 4, 7]);
    expect(offsets.filter((offset) => isMeant(record(offset, "a", 1)) === true)).toEqual(offsets);
    const keyed = plannedSelection([item(0, [1, 2, 2, 1])], ["a"]);
    expect(keyed.isMeant(record(3, "b"))).toBe(false);
    expect(keyed.isMeant(record(3, "a"))).toBe(true);
  });
});
