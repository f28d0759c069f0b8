/** The charts of a run's results: the main table's pace and CPU, and the first figure of each family. */
import type { FamilyRow } from "../families/family-row.ts";
import type { Row } from "../main/row.ts";
import { barChart, type Bar, type BarGroup } from "./bar-chart.ts";

/** SVG documents by the names of their files. */
export function chartsOf(
  rows: readonly Row[],
  families: readonly FamilyRow[],
): ReadonlyMap<string, string> {
  const charts = new Map<string, string>();
  if (rows.length > 0) {
    charts.set("main.svg", mainChart(rows, "perSec"));
    charts.set("main-cpu.svg", mainChart(rows, "cpuUsPerEvent"));
  }
  for (const [family, of] of Map.groupBy(families, (row) => row.family)) {
    charts.set(`${family}.svg`, familyChart(family, of));
  }
  return charts;
}

const MAIN = {
  perSec: { title: "Draining a backlog", figure: "events a second, one core" },
  cpuUsPerEvent: { title: "What an event costs", figure: "CPU us an event" },
} as const;

function mainChart(rows: readonly Row[], name: keyof typeof MAIN): string {
  const cells = [...Map.groupBy(rows, ({ cell }) => cell)];
  const groups = cells.map(([cell, of]): BarGroup => {
    const bars = of.map((row): Bar => {
      const [value, min, max] = [row[name], row[`${name}Min`], row[`${name}Max`]];
      return { name: row.subject, value, min, max, isValid: row.faults.length === 0 };
    });
    return { name: cell, bars };
  });
  return barChart({ ...MAIN[name], groups });
}

/** A group for each figure of each case. */
function familyChart(family: string, rows: readonly FamilyRow[]): string {
  const cases = [...Map.groupBy(rows, (row) => row.case)];
  const groups = cases.flatMap(([name, of]) => {
    const figures = new Set(of.flatMap((row) => Object.keys(row.figures)));
    return Array.from(figures, (figure): BarGroup => {
      const bars = of.flatMap((row): Bar[] => {
        const spread = row.figures[figure];
        if (spread === undefined) return [];
        const { median: value, min, max } = spread;
        return [{ name: row.subject, value, min, max, isValid: row.faults.length === 0 }];
      });
      return { name: `${name}: ${figure}`, bars };
    });
  });
  return barChart({ title: family, figure: "by case", groups });
}
