/** The main table, for people. */
import { alignedText } from "../../support/aligned-text.ts";
import type { Row } from "./row.ts";

const HEADINGS = [
  ...["cell", "subject", "events/s", "(min-max)", "CPU us", "(min-max)", "of ceiling", "MiB"],
  ...["disordered", "repeats", "settings"],
];

/** All rows, and below them what makes some of them count for nothing. */
export function tableText(rows: readonly Row[]): string {
  const faults = rows.flatMap(({ cell, subject, faults: found }) =>
    found.map((fault) => `INVALID: ${subject} in ${cell}: ${fault}`),
  );
  return [alignedText([HEADINGS, ...rows.map(cellsOf)]), ...faults, ""].join("\n");
}

function cellsOf(row: Row): readonly string[] {
  const { shareOfCeiling, faults } = row;
  return [
    ...[row.cell, faults.length === 0 ? row.subject : `${row.subject} (INVALID)`],
    ...[whole(row.perSec), `${whole(row.perSecMin)}-${whole(row.perSecMax)}`],
    ...[row.cpuUsPerEvent.toFixed(1)],
    `${row.cpuUsPerEventMin.toFixed(1)}-${row.cpuUsPerEventMax.toFixed(1)}`,
    shareOfCeiling === null ? "" : `${whole(shareOfCeiling * 100)} %`,
    ...[whole(row.peakRssMiB), String(row.orderViolations), String(row.repeats), row.settings],
  ];
}

const whole = (value: number): string => value.toFixed(0);
