/** Rows of families, for people. */
import { alignedText } from "../../support/aligned-text.ts";
import type { Spread } from "../measure/figures.ts";
import type { FamilyRow } from "./family-row.ts";

/** A table for each family, and below it what makes some of its rows count for nothing. */
export function familyText(rows: readonly FamilyRow[]): string {
  const families = [...Map.groupBy(rows, ({ family }) => family).values()];
  return families.map(tableOf).join("\n");
}

function tableOf(rows: readonly FamilyRow[]): string {
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const headings = ["family", "case", "subject", ...names, "disordered", "repeats", "runs"];
  const cells = rows.map((row) => [
    ...[row.family, row.case, row.faults.length === 0 ? row.subject : `${row.subject} (INVALID)`],
    ...names.map((name) => spreadText(row.figures[name])),
    ...[row.orderViolations, row.repeats, row.runs].map(String),
  ]);
  const faults = rows.flatMap(({ case: name, subject, faults: found }) =>
    found.map((fault) => `INVALID: ${subject}, ${name}: ${fault}`),
  );
  return [alignedText([headings, ...cells]), ...faults, ""].join("\n");
}

function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return "";
  const { min, median, max } = spread;
  return `${figure(median)} (${figure(min)}-${figure(max)})`;
}

const figure = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
