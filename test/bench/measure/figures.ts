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

/** The part of a run that counts. */
export interface MeasuredSpan {
  readonly first: Sample;
  readonly last: Sample;
}

/** Least, middle and most of several runs. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Events of a run that only warm the subject up. */
const WARM_SHARE = 0.25;

/** The first sample past the warm-up and the last. @throws Error where there are no two such samples. */
export function measuredSpan(samples: readonly Sample[]): MeasuredSpan {
  const last = samples.at(-1);
  const total = last?.count ?? 0;
  const first = samples.find(({ count }) => count >= total * WARM_SHARE && count > 0);
  if (first === undefined || last === undefined || last.count <= first.count) {
    throw new Error(`too few events to tell a pace: ${total}`);
  }
  return { first, last };
}

/** The pace in the measured span. @throws Error where there is none. */
export function paceOf(samples: readonly Sample[]): Pace {
  const { first, last } = measuredSpan(samples);
  return paceBetween(first, last);
}

/** The paces of so many parts of the measured span, each as long as the others. @throws Error where there is none. */
export function pacesOf(samples: readonly Sample[], partCount: number): readonly Pace[] {
  const { first, last } = measuredSpan(samples);
  const partMs = (last.at - first.at) / partCount;
  const edges = Array.from({ length: partCount }, (_, part) => {
    return samples.find(({ at }) => at >= first.at + part * partMs) ?? last;
  });
  return [...edges, last].slice(1).map((to, part) => paceBetween(edges[part] ?? first, to));
}

function paceBetween(from: Sample, to: Sample): Pace {
  const count = to.count - from.count;
  if (count <= 0 || to.at <= from.at) throw new Error(`too few events to tell a pace: ${count}`);
  // A process that is gone counts as nothing.
  if (to.cpuUs < from.cpuUs) throw new Error("it ended before its CPU time was read");
  return {
    perSec: (count / (to.at - from.at)) * 1_000,
    cpuUsPerEvent: (to.cpuUs - from.cpuUs) / count,
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
