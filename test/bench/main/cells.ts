/** What the main table measures: a dozen cells of latency, keys, partitions and calls in flight. */

/** A cell. */
export interface Cell {
  /** From a request to its answer, ms. */
  readonly latencyMs: number;
  readonly keyCount: number;
  readonly partitionCount: number;
  readonly inFlight: number;
  /** Events of a run: some seconds of work for whoever is quick. */
  readonly eventCount: number;
  /** Whoever is not ours is stopped so long after its first call, ms: its pace is known by then. */
  readonly limitMs: number;
}

const LIMIT_MS = 4_500;
/** Where a subject waits more than it works, it takes longer until its code is compiled. */
const LONG_LIMIT_MS = 9_000;

const cell = (
  [latencyMs, keyCount, partitionCount, inFlight]: readonly [number, number, number, number],
  eventCount: number,
  limitMs = LIMIT_MS,
): Cell => ({ latencyMs, keyCount, partitionCount, inFlight, eventCount, limitMs });

/** The cell that speaks for all: the others vary one thing of it or two. */
export const MAIN_CELL: Cell = cell([0, 10_000, 12, 64], 100_000);

/** The main table's cells. */
export const MAIN_CELLS: readonly Cell[] = [
  MAIN_CELL,
  cell([0, 10_000, 3, 16], 100_000),
  cell([0, 10_000, 12, 256], 100_000),
  cell([0, 100, 12, 64], 100_000),
  cell([0, 1, 3, 64], 20_000),
  cell([5, 10_000, 12, 64], 80_000, LONG_LIMIT_MS),
  cell([5, 100, 3, 16], 10_000),
  cell([20, 10_000, 12, 64], 12_000),
  cell([20, 10_000, 12, 256], 100_000, LONG_LIMIT_MS),
  cell([20, 1, 12, 64], 160),
  cell([100, 10_000, 12, 256], 9_000),
  cell([100, 100, 3, 64], 2_400),
];

/** A cell's name, as `--cell` takes it: latency, keys, partitions, in flight. */
export function nameOf({ latencyMs, keyCount, partitionCount, inFlight }: Cell): string {
  return `${latencyMs}ms-${keyCount}k-${partitionCount}p-${inFlight}f`;
}
