import type { HistoryLine } from "./history.ts";

/** What is read after the run counts as first among the lines of one moment. */
const AFTERWARDS: ReadonlySet<HistoryLine["h"]> = new Set(["log", "dlq", "park", "state"]);

/** Lines in the order they happened: as they are if they ascend, else sorted by `at`, equals as they stand. */
export function inOrder(lines: readonly HistoryLine[]): readonly HistoryLine[] {
  const times = new Float64Array(lines.length);
  let last = -Infinity;
  let isAscending = true;
  for (const [index, line] of lines.entries()) {
    const at = timeOf(line, last);
    times[index] = at;
    if (at < last) isAscending = false;
    if (at > last) last = at;
  }
  if (isAscending) return lines;
  const order = Array.from(times.keys());
  order.sort(
    (a, b) => (times[a] ?? 0) - (times[b] ?? 0) || rank(lines, a) - rank(lines, b) || a - b,
  );
  return order.flatMap((index) => lines[index] ?? []);
}

/** When a line happened; ends of partitions have no time and stay behind what stands before them. */
export function timeOf(line: HistoryLine, last: number): number {
  if (line.h === "run") return -Infinity;
  return line.h === "log-end" ? last : line.at;
}

/** Whether a line counts as first among its equals. */
export function isReadAfterwards({ h }: HistoryLine): boolean {
  return AFTERWARDS.has(h);
}

function rank(lines: readonly HistoryLine[], index: number): number {
  const line = lines[index];
  return line !== undefined && isReadAfterwards(line) ? 0 : 1;
}
