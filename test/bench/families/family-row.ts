/** A row of a family: a subject in a case, with the figures that the family is about. */
import { spreadOf, type Spread } from "../measure/figures.ts";

/** See above. */
export interface FamilyRow {
  readonly family: string;
  readonly case: string;
  readonly subject: string;
  /** By name, units in the names; over the runs. */
  readonly figures: Readonly<Record<string, Spread>>;
  /** Of all runs together. */
  readonly orderViolations: number;
  readonly repeats: number;
  readonly runs: number;
  /** What makes the row count for nothing; empty for one that is good. */
  readonly faults: readonly string[];
}

/** What one run shows. */
export interface FamilyRun {
  readonly figures: Readonly<Record<string, number>>;
  readonly orderViolations: number;
  readonly repeats: number;
  readonly faults: readonly string[];
}

/** Sums up the runs of a row. */
export function familyRow(
  of: Pick<FamilyRow, "case" | "family" | "subject">,
  runs: readonly FamilyRun[],
): FamilyRow {
  const names = new Set(runs.flatMap(({ figures }) => Object.keys(figures)));
  const spreads = Array.from(names, (name) => {
    const values = runs.flatMap(({ figures }) => figures[name] ?? []);
    return [name, spreadOf(values)] as const;
  });
  const sum = (value: (run: FamilyRun) => number): number =>
    runs.reduce((total, run) => total + value(run), 0);
  return {
    ...of,
    figures: Object.fromEntries(spreads),
    orderViolations: sum(({ orderViolations }) => orderViolations),
    repeats: sum(({ repeats }) => repeats),
    runs: runs.length,
    faults: [...new Set(runs.flatMap(({ faults }) => faults))],
  };
}
