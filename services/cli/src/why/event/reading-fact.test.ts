import { asOffset, encodeDoneSet } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { PartitionFacts } from "../../groups/partition-lag.ts";
import { readingFact } from "./reading-fact.ts";

/** A log from 10 up to 100, of which the target began at 20 and has 50 committed, and 55 to 59 done above it. */
function facts(of: Partial<PartitionFacts> = {}): PartitionFacts {
  const metadata = encodeDoneSet(50, [{ from: 55, to: 60 }]);
  return {
    ...{ logStartOffset: asOffset(10), logEndOffset: asOffset(100) },
    committed: { offset: asOffset(50), metadata },
    begunAt: 20,
    ...of,
  };
}

const stateOf = (offset: number, of: Partial<PartitionFacts> = {}): string =>
  readingFact(facts(of), offset).state;

describe("how far a target has come, as an event sees it", () => {
  it("is before its start, settled below the commit or done above it, else open", () => {
    expect([19, 20, 49, 50, 54, 55, 59, 60].map((offset) => stateOf(offset))).toEqual([
      ...["before-start", "settled", "settled", "open", "open", "settled", "settled", "open"],
    ]);
  });

  it("counts what waits before the event, and leaves out what is done", () => {
    expect(readingFact(facts(), 62)).toEqual({ state: "open", committed: 50, waitingBefore: 7 });
    expect(readingFact(facts(), 57).waitingBefore).toBe(5);
    expect(readingFact(facts(), 50).waitingBefore).toBe(0);
  });

  it("is gone where retention took the event first, and not where it was settled before", () => {
    const passed = { logStartOffset: asOffset(58) };

    expect([49, 50, 56, 58].map((offset) => stateOf(offset, passed))).toEqual([
      ...["settled", "gone", "settled", "settled"],
    ]);
  });

  it("is not started where nothing is committed yet, and open where that is gone", () => {
    const none = { committed: null };

    expect(stateOf(20, { ...none, begunAt: null })).toBe("not-started");
    expect(stateOf(19, none)).toBe("before-start");
    expect(readingFact(facts(none), 20)).toEqual({
      ...{ state: "open", committed: null, waitingBefore: 0 },
    });
  });
});
