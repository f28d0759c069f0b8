import { describe, expect, it } from "vitest";
import { MILLRACE } from "../subjects/millrace.ts";
import { CEILING } from "../subjects/peers.ts";
import { MAIN_CELL } from "./cells.ts";
import { rowOf, type RowRun } from "./row.ts";

const REPORT = {
  ...{ count: 10, repeats: 1, disordered: 0, refused: 0, malformed: 0, inFlightMax: 64 },
  ...{ firstAt: 1, lastAt: 2, latenciesMs: null },
};

const run = (perSec: number, faults: readonly string[] = []): RowRun => ({
  ...{ perSec, cpuUsPerEvent: 40, peakBytes: 1_048_576, report: REPORT, startMs: 500, faults },
});

describe("a row of the main table", () => {
  it("shows the median, the least and the most of its runs, and how near the ceiling it is", () => {
    const ceiling = rowOf({ cell: MAIN_CELL, subject: CEILING }, [run(40_000)], null);

    const row = rowOf(
      { cell: MAIN_CELL, subject: MILLRACE },
      [run(30_000), run(20_000), run(22_000)],
      ceiling,
    );

    expect(row).toMatchObject({
      ...{ cell: "0ms-10000k-12p-64f", subject: "millrace", runs: 3, faults: [] },
      ...{ perSec: 22_000, perSecMin: 20_000, perSecMax: 30_000, shareOfCeiling: 0.55 },
      ...{ cpuUsPerEvent: 40, peakRssMiB: 1, repeats: 3, inFlightMax: 64 },
    });
    expect(ceiling.shareOfCeiling).toBeNull();
  });

  it("keeps what makes it count for nothing, also of a run that came to no figures", () => {
    const row = rowOf(
      { cell: MAIN_CELL, subject: MILLRACE },
      [run(30_000, ["a gap"]), { faults: ["it ended"] }, run(1, ["a gap"])],
      null,
    );

    expect(row).toMatchObject({ runs: 2, faults: ["a gap", "it ended"] });
  });
});
