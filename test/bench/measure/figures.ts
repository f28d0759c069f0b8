/** Figures of runs: from samples to one row of a table. */

/** What was seen of a run at a moment. */
export interface Sample {
  /** Epoch ms. */
  readonly at: number;
  /** Events that had arrived. */
  readonly count: number;
  /** CPU time that the subject had used, us. */
  readonly cpuUs: number;
}

/** How fast a run was, once it was warm. */
export interface Pace {
  readonly perSec: number;
  readonly cpuUsPerEvent: number;
}

/** Least, middle and most of several runs. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Events of a run that only warm the subject up. */
const WARM_SHARE = 0.25;

/** The pace between the first sample past the warm-up and the last. @throws Error where there are no two such samples. */
export function paceOf(samples: readonly Sample[]): Pace {
  const last = samples.at(-1);
  const total = last?.count ?? 0;
  const first = samples.find(({ count }) => count >= total * WARM_SHARE && count > 0);
  if (first === undefined || last === undefined || last.count <= first.count) {
    throw new Error(`too few events to tell a pace: ${total}`);
  }
  const count = last.count - first.count;
  return {
    perSec: (count / (last.at - first.at)) * 1_000,
    cpuUsPerEvent: (last.cpuUs - first.cpuUs) / count,
  };
}

/** The spread of some figures; at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number): number => sorted[index] ?? NaN;
  return {
    min: at(0),
    median: at(Math.floor(sorted.length / 2)),
    max: at(sorted.length - 1),
  };
}
