import type { HistoryLine } from "./history.ts";

/** What is read after the run counts as first among the lines of one moment. */
const AFTERWARDS: ReadonlySet<HistoryLine["h"]> = new Set(["log", "dlq", "park", "state"]);

/** A line and when it happened. */
interface Timed {
  readonly line: HistoryLine;
  readonly at: number;
}

/**
 * Lines in the order they happened: as they are if they ascend, else by `at`, equals as they stand. What was written
 * during a run mostly ascends, and what was read after it stands at the end, so the two are merged.
 */
export function inOrder(lines: readonly HistoryLine[]): readonly HistoryLine[] {
  if (isAscending(lines)) return lines;
  const during: Timed[] = [];
  const afterwards: Timed[] = [];
  let last = -Infinity;
  for (const line of lines) {
    const at = timeOf(line, last);
    if (at > last) last = at;
    (isReadAfterwards(line) ? afterwards : during).push({ line, at });
  }
  return merged(sorted(during), sorted(afterwards));
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

function isAscending(lines: readonly HistoryLine[]): boolean {
  let last = -Infinity;
  for (const line of lines) {
    const at = timeOf(line, last);
    if (at < last) return false;
    last = at;
  }
  return true;
}

function sorted(lines: Timed[]): readonly Timed[] {
  let last = -Infinity;
  for (const { at } of lines) {
    if (at < last) return lines.sort((a, b) => a.at - b.at);
    last = at;
  }
  return lines;
}

function merged(during: readonly Timed[], afterwards: readonly Timed[]): readonly HistoryLine[] {
  const lines: HistoryLine[] = [];
  let next = 0;
  for (const { line, at } of during) {
    for (let one = afterwards[next]; one !== undefined && one.at <= at; one = afterwards[next]) {
      lines.push(one.line);
      next += 1;
    }
    lines.push(line);
  }
  for (; next < afterwards.length; next += 1) {
    const one = afterwards[next];
    if (one !== undefined) lines.push(one.line);
  }
  return lines;
}
