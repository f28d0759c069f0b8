import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { keyOfName, RangeCount } from "./range-count.ts";

const T0 = Date.UTC(2026, 0, 1);
const PLACE = { topic: asTopic("users"), partition: asPartition(0) };

function record(offset: number, key: Buffer | string | null, timestampMs = T0): SourceRecord {
  const bytes = typeof key === "string" ? Buffer.from(key) : key;
  return {
    ...{ ...PLACE, offset: asOffset(offset), key: bytes, value: null, headers: {}, timestampMs },
  };
}

function count(
  records: readonly SourceRecord[],
  of: { readonly wanted?: string; readonly left?: number; readonly notesRuns?: true },
) {
  const range = { ...PLACE, from: asOffset(0), to: asOffset(100) };
  const budget = { left: of.left ?? 100 };
  const counting = new RangeCount(range, { budget, notesRuns: of.notesRuns === true });
  for (const one of records) {
    const key = one.key === null ? null : Buffer.from(one.key).toString();
    counting.note(one, of.wanted === undefined || key === of.wanted);
  }
  return { ...counting.counted, budget };
}

describe("what is counted of a range", () => {
  it("are its records, the events that are meant, and when these were written, in whatever order", () => {
    const records = [
      record(3, "a", T0 + 9),
      record(5, "b"),
      record(9, "a", T0 + 1),
      record(11, null),
    ];

    const { planned, offsets } = count(records, { wanted: "a" });
    expect(planned).toMatchObject({
      ...{ topic: "users", partition: 0, from: "0", to: "100", records: 4, events: 2 },
      first: new Date(T0 + 1).toISOString(),
      last: new Date(T0 + 9).toISOString(),
    });
    expect([3, 5, 9, 11].map((offset) => offsets.has(offset))).toEqual([true, false, true, false]);
    expect(count([], {}).planned).toMatchObject({ records: 0, events: 0, first: null, last: null });
  });

  it("is at which offsets the events stand, where that is asked for, over gaps of the log", () => {
    const records = ["a", "a", "b", "a", "b", "b", "a"].map((key, index) => record(index * 2, key));

    const { planned } = count(records, { wanted: "a", notesRuns: true });
    expect(planned.only).toEqual([0, 3, 3, 1, 5, 1]);
    expect(count(records, { wanted: "c", notesRuns: true }).planned.only).toEqual([]);
    expect(count(records, { wanted: "a" }).planned.only).toBeNull();
  });

  it("are its keys, those that are no text too, and told apart from a text like their hex", () => {
    const { keys } = count([record(0, Buffer.from([0xff])), record(1, "ff"), record(2, "ff")], {});

    expect([...keys.values()]).toEqual([1, 2]);
    expect(Array.from(keys.keys(), keyOfName)).toEqual(["ff", "ff"]);
  });

  it("are no more keys than may be kept; known ones are counted on", () => {
    const { keys, planned, budget } = count(
      ["a", "b", "c", "a", "c"].map((key, offset) => record(offset, key)),
      { left: 2 },
    );

    expect([...keys.values()]).toEqual([2, 1]);
    expect(planned.events).toBe(5);
    expect(budget.left).toBeLessThan(0);
  });
});
