/** Offsets in a row that are meant; `from` among them, `to` not. */
export interface OffsetRun {
  readonly from: number;
  readonly to: number;
}

/**
 * Runs as they stand in an entry: alternating lengths, of what is not meant and of what is, beginning at `from`.
 * @param runs ascending, not touching.
 */
export function runLengths(from: number, runs: Iterable<OffsetRun>): readonly number[] {
  const lengths: number[] = [];
  let at = from;
  for (const run of runs) {
    lengths.push(run.from - at, run.to - run.from);
    at = run.to;
  }
  return lengths;
}

/** Reads runs of a range; null where they are none of it. */
export function readRuns(lengths: unknown, { from, to }: OffsetRun): readonly OffsetRun[] | null {
  if (!Array.isArray(lengths) || lengths.length % 2 !== 0) return null;
  const all: readonly unknown[] = lengths;
  const runs: OffsetRun[] = [];
  let at = from;
  for (let index = 0; index < all.length; index += 2) {
    const [left, meant] = [all[index], all[index + 1]];
    if (!isLength(left) || !isLength(meant) || meant === 0) return null;
    runs.push({ from: at + left, to: at + left + meant });
    at += left + meant;
  }
  return at <= to ? runs : null;
}

/** Whether an offset is in one of the runs, which ascend. */
export function isInRuns(runs: readonly OffsetRun[], offset: number): boolean {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.to ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const run = runs[low];
  return run !== undefined && run.from <= offset;
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
