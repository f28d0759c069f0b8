/** A row of the main table: a subject in a cell. */
import { spreadOf, type Spread } from "../measure/figures.ts";
import type { RunFigures } from "../measure/run.ts";
import type { Subject } from "../subjects/subject.ts";
import { nameOf, type Cell } from "./cells.ts";

/** A run of a row, or why there was none. */
export type RowRun = RunFigures | { readonly faults: readonly string[] };

/** What a subject's runs in a cell show. */
export interface Row {
  readonly family: "throughput";
  readonly cell: string;
  readonly subject: string;
  readonly settings: string;
  /** Events a second, once warm: the median of the runs. */
  readonly perSec: number;
  readonly perSecMin: number;
  readonly perSecMax: number;
  /** CPU time of the subject's processes, us: the median. */
  readonly cpuUsPerEvent: number;
  readonly cpuUsPerEventMin: number;
  readonly cpuUsPerEventMax: number;
  /** `perSec` as a part of the ceiling's in this cell; null for the ceiling. */
  readonly shareOfCeiling: number | null;
  /** Most of any run. */
  readonly peakRssMiB: number;
  /** Of all runs together. */
  readonly orderViolations: number;
  readonly repeats: number;
  readonly inFlightMax: number;
  readonly runs: number;
  /** What makes the row count for nothing; empty for one that is good. */
  readonly faults: readonly string[];
}

const MIB = 1_048_576;

/** Sums up a subject's runs. */
export function rowOf(
  of: { readonly cell: Cell; readonly subject: Subject },
  runs: readonly RowRun[],
  ceiling: Row | null,
): Row {
  const { cell, subject } = of;
  const good = runs.filter((run) => "perSec" in run);
  const perSec = spreadOf(good.map((run) => run.perSec));
  const cpu = spreadOf(good.map((run) => run.cpuUsPerEvent));
  const most = (value: (run: RunFigures) => number): number => Math.max(0, ...good.map(value));
  const sum = (value: (run: RunFigures) => number): number =>
    good.reduce((total, run) => total + value(run), 0);
  return {
    family: "throughput",
    cell: nameOf(cell),
    subject: subject.name,
    settings: subject.settings(cell),
    ...spelt("perSec", perSec),
    ...spelt("cpuUsPerEvent", cpu),
    shareOfCeiling: ceiling === null ? null : perSec.median / ceiling.perSec,
    peakRssMiB: most((run) => run.peakBytes) / MIB,
    orderViolations: sum((run) => run.report.disordered),
    repeats: sum((run) => run.report.repeats),
    inFlightMax: most((run) => run.report.inFlightMax),
    runs: good.length,
    faults: [...new Set(runs.flatMap((run) => run.faults))],
  };
}

type Spelt<Name extends string> = Record<Name | `${Name}Max` | `${Name}Min`, number>;

function spelt<Name extends string>(name: Name, { min, median, max }: Spread): Spelt<Name> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the three names of the type
  return { [name]: median, [`${name}Min`]: min, [`${name}Max`]: max } as Spelt<Name>;
}
