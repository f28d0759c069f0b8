/** A row of the main table: a subject in a cell. */
import { spreadOf, type Spread } from "../measure/figures.ts";
import type { RunFigures } from "../measure/run.ts";
import type { Subject } from "../subjects/subject.ts";
import { nameOf, type Cell } from "./cells.ts";

/** The run of a row, or why there was none. */
export type RowRun = RunFigures | { readonly faults: readonly string[] };

/** What a subject's run in a cell shows: one process, its measured span in parts. */
export interface Row {
  readonly family: "throughput";
  readonly cell: string;
  readonly subject: string;
  readonly settings: string;
  /** What the same subject came to in other settings. */
  readonly otherSettings: readonly Pick<Row, "cpuUsPerEvent" | "perSec" | "settings">[];
  /** Events a second, once warm: the median of the parts. */
  readonly perSec: number;
  readonly perSecMin: number;
  readonly perSecMax: number;
  /** CPU time of the subject's processes, us: the median. */
  readonly cpuUsPerEvent: number;
  readonly cpuUsPerEventMin: number;
  readonly cpuUsPerEventMax: number;
  /** `perSec` as a part of the ceiling's in this cell; null for the ceiling. */
  readonly shareOfCeiling: number | null;
  readonly peakRssMiB: number;
  /** Of the whole run. */
  readonly orderViolations: number;
  readonly repeats: number;
  readonly inFlightMax: number;
  /** Parts; none where the run came to no figures. */
  readonly parts: number;
  /** What makes the row count for nothing; empty for one that is good. */
  readonly faults: readonly string[];
}

const MIB = 1_048_576;
/** Most CPU of a POST at the ceiling, us, where calls are all that is to be done: above it the machine is not itself. */
const CEILING_CPU_US_MAX = 34;

/** Sums up a subject's run. */
export function rowOf(
  of: { readonly cell: Cell; readonly subject: Subject },
  run: RowRun,
  ceiling: Row | null,
): Row {
  const { cell, subject } = of;
  const figures = "parts" in run ? run : null;
  const parts = figures?.parts ?? [];
  const perSec = spreadOf(parts.map((part) => part.perSec));
  const cpu = spreadOf(parts.map((part) => part.cpuUsPerEvent));
  return {
    family: "throughput",
    cell: nameOf(cell),
    subject: subject.name,
    settings: subject.settings(cell),
    otherSettings: [],
    ...spelt("perSec", perSec),
    ...spelt("cpuUsPerEvent", cpu),
    shareOfCeiling: ceiling === null ? null : perSec.median / ceiling.perSec,
    peakRssMiB: (figures?.peakBytes ?? 0) / MIB,
    orderViolations: figures?.report.disordered ?? 0,
    repeats: figures?.report.repeats ?? 0,
    inFlightMax: figures?.report.inFlightMax ?? 0,
    parts: parts.length,
    faults: run.faults,
  };
}

/** Of a subject's rows in several settings the fastest that counts, with what the others came to; at least one. */
export function bestOf([first, ...others]: readonly [Row, ...Row[]]): Row {
  let best = first;
  for (const row of others) if (isBetter(row, best)) best = row;
  const otherSettings = [first, ...others]
    .filter((row) => row !== best)
    .map(({ settings, perSec, cpuUsPerEvent }) => ({ settings, perSec, cpuUsPerEvent }));
  return { ...best, otherSettings };
}

function isBetter(row: Row, than: Row): boolean {
  const [isGood, wasGood] = [row.faults.length === 0, than.faults.length === 0];
  return isGood === wasGood ? row.perSec > than.perSec : isGood;
}

/** The ceiling's row; not judged where it waits for answers, or for the only one: a turn for each call costs more. */
export function judgedCeiling(row: Row, { latencyMs, keyCount }: Cell): Row {
  const isBusy = latencyMs === 0 && keyCount > 1;
  if (!isBusy || row.cpuUsPerEvent <= CEILING_CPU_US_MAX) return row;
  const fault = `a POST costs ${row.cpuUsPerEvent.toFixed(1)} us here, more than ${CEILING_CPU_US_MAX}`;
  return { ...row, faults: [...row.faults, fault] };
}

type Spelt<Name extends string> = Record<Name | `${Name}Max` | `${Name}Min`, number>;

function spelt<Name extends string>(name: Name, { min, median, max }: Spread): Spelt<Name> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the three names of the type
  return { [name]: median, [`${name}Min`]: min, [`${name}Max`]: max } as Spelt<Name>;
}
