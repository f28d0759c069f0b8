import { asOffset, asPartition, asTopic } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { MemoryReader } from "../../test-support/memory-reader.ts";
import { silentProgress } from "../../test-support/silent-progress.ts";
import { countRanges } from "./count-ranges.ts";
import { keySelection } from "./selection.ts";
import { estimateOf, estimateText, longestLaneOf, type EstimateBasis } from "./estimate.ts";

const LIMITED = { kind: "limited", perSecond: 10, burst: 10 } as const;
const UNLIMITED = { kind: "unlimited" } as const;

function estimate(
  of: Partial<Omit<EstimateBasis, "target">>,
  rate: typeof LIMITED | typeof UNLIMITED,
) {
  const target = { concurrencyMax: 8, ratePerSecond: rate };
  return estimateOf({ target, calls: 1_000, longestLane: 20, callMs: 40, ...of });
}

describe("how long a replay takes", () => {
  it("is what its slowest bound says, and five times that beside busy live events", () => {
    expect(estimate({}, LIMITED)).toEqual({
      ...{ calls: 1_000, aloneSeconds: 100, besideLiveSeconds: 500, boundBy: "rate" },
    });
    expect(estimate({}, UNLIMITED)).toMatchObject({ aloneSeconds: 5, boundBy: "concurrency" });
    expect(estimate({ longestLane: 900 }, UNLIMITED)).toMatchObject({
      ...{ aloneSeconds: 36, besideLiveSeconds: 180, boundBy: "key" },
    });
  });

  it("is told by the rate alone where nobody knows how long a call takes", () => {
    expect(estimate({ callMs: null }, LIMITED)).toMatchObject({ aloneSeconds: 100 });
    expect(estimate({ callMs: null }, UNLIMITED)).toBeNull();
  });

  it("is said to people with what it is bound by", () => {
    expect(estimateText(estimate({}, LIMITED), "crm")).toBe(
      "about 1,000 calls to crm, each with Millrace-Replay: 1m40s at least, 8m20s beside as many live events as it takes " +
        "(bound by its rate)",
    );
    expect(estimateText(null, "crm")).toBe(
      "nobody knows how long crm takes: it has no rate, and the journal knows no call of these events",
    );
  });
});

describe("the longest lane", () => {
  it("is that of a key, of a partition, or there is none, as the target's order says", async () => {
    const reader = new MemoryReader([
      ["a", "b", "a"],
      ["c", "c", "c", "d"],
    ]);
    const ranges = [3, 4].map((count, partition) => ({
      ...{ topic: asTopic("users"), partition: asPartition(partition) },
      ...{ from: asOffset(0), to: asOffset(count) },
    }));
    const counted = await countRanges(reader, {
      ...{ ranges, selection: keySelection(null), notesRuns: false, progress: silentProgress() },
    });

    expect(longestLaneOf(counted.ranges, "key")).toBe(3);
    expect(longestLaneOf(counted.ranges, "partition")).toBe(4);
    expect(longestLaneOf(counted.ranges, "none")).toBe(0);
  });
});
