/** The smallest value that at least 99 % of them do not exceed; 0 for none. */
export function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** The value in the middle, the higher one of two; 0 for none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Bounds of a figure. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Chance that a median lies outside of its interval, at most. */
const MISS_CHANCE_MAX = 0.05;

/**
 * Where the median lies of what the values are a sample of, by their order alone (the interval of the sign test); of fewer
 * than six values it can be anywhere.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const { length } = sorted;
  // Chance that at most `cut` of the values lie below the median, beginning with none.
  let cut = -1;
  let ways = 1;
  let chance = 2 ** -length;
  while (2 * chance <= MISS_CHANCE_MAX) {
    cut += 1;
    ways = (ways * (length - cut)) / (cut + 1);
    chance += ways * 2 ** -length;
  }
  return { low: sorted[cut] ?? -Infinity, high: sorted[length - 1 - cut] ?? Infinity };
}
