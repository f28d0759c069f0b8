import { describe, expect, it } from "vitest";
import { MILLRACE } from "../subjects/millrace.ts";
import { CEILING } from "../subjects/peers.ts";
import { MAIN_CELL } from "./cells.ts";
import { bestOf, judgedCeiling, rowOf, type RowRun } from "./row.ts";

const REPORT = {
  ...{ count: 10, repeats: 1, disordered: 0, refused: 0, malformed: 0, inFlightMax: 64 },
  ...{ firstAt: 1, lastAt: 2, latenciesMs: null },
};

const runOf = (rates: readonly number[], faults: readonly string[] = []): RowRun => {
  const parts = rates.map((perSec) => ({ perSec, cpuUsPerEvent: 40 }));
  const whole = { perSec: 1, cpuUsPerEvent: 1, peakBytes: 1_048_576, startMs: 500 };
  const sample = { at: 0, count: 0, cpuUs: 0 };
  const span = { first: sample, last: sample };
  return { ...whole, parts, span, report: REPORT, faults };
};

describe("a row of the main table", () => {
  it("shows the median, the least and the most of a run's parts, and how near the ceiling it is", () => {
    const ceiling = rowOf({ cell: MAIN_CELL, subject: CEILING }, runOf([40_000]), null);

    const row = rowOf(
      { cell: MAIN_CELL, subject: MILLRACE },
      runOf([30_000, 20_000, 22_000]),
      ceiling,
    );

    expect(row).toMatchObject({
      ...{ cell: "0ms-10000k-12p-64f", subject: "millrace", parts: 3, faults: [] },
      ...{ perSec: 22_000, perSecMin: 20_000, perSecMax: 30_000, shareOfCeiling: 0.55 },
      ...{ cpuUsPerEvent: 40, peakRssMiB: 1, repeats: 1, inFlightMax: 64 },
    });
    expect(ceiling.shareOfCeiling).toBeNull();
  });

  it("counts for nothing where a call at the ceiling costs too much, but for one call at a time", () => {
    const dear = rowOf({ cell: MAIN_CELL, subject: CEILING }, runOf([40_000]), null);

    expect(judgedCeiling(dear, MAIN_CELL).faults).toEqual([
      "a POST costs 40.0 us here, more than 34",
    ]);
    expect(judgedCeiling(dear, { ...MAIN_CELL, keyCount: 1 }).faults).toEqual([]);
    expect(judgedCeiling(dear, { ...MAIN_CELL, latencyMs: 5 }).faults).toEqual([]);
  });

  it("keeps what makes it count for nothing, also of a run that came to no figures", () => {
    const of = { cell: MAIN_CELL, subject: MILLRACE };

    expect(rowOf(of, runOf([1], ["a gap"]), null)).toMatchObject({ parts: 1, faults: ["a gap"] });
    expect(rowOf(of, { faults: ["it ended"] }, null)).toMatchObject({
      ...{ parts: 0, repeats: 0, faults: ["it ended"] },
    });
  });

  it("is that of the fastest setting that counts, with what the others came to", () => {
    const of = { cell: MAIN_CELL, subject: MILLRACE };
    const rowIn = (settings: string, run: RowRun) => ({ ...rowOf(of, run, null), settings });

    const best = bestOf([
      rowIn("slow", runOf([1_000])),
      rowIn("fast", runOf([2_000])),
      rowIn("disordered", runOf([3_000], ["7 events out of order"])),
      rowIn("stopped", { faults: ["it ended"] }),
    ]);

    expect(best).toMatchObject({ settings: "fast", perSec: 2_000 });
    expect(best.otherSettings).toMatchObject([
      { settings: "slow", perSec: 1_000 },
      { settings: "disordered", perSec: 3_000 },
      { settings: "stopped" },
    ]);
  });
});
