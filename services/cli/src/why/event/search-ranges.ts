/** Which part of each log is searched for an event that nothing else tells of. Pure. */
import { asOffset, type Offset, type PartitionRange, type Topic } from "@millrace/engine";
import type { ReadRange } from "@millrace/kafka";

/** Records that are searched, over all topics, where nobody says from where on. */
export const SEARCHED_MAX = 500_000;

/** A partition of a log. */
export interface SearchedPartition extends PartitionRange {
  readonly topic: Topic;
  /** From where on the event may stand; null: nobody knows. */
  readonly from: Offset | null;
}

/** What is read. */
export interface Search {
  readonly ranges: readonly Required<ReadRange>[];
  /** Something in which the event may stand is left out. */
  readonly isPartial: boolean;
}

/**
 * The ranges: from where on it may stand, else the newest records, as many of each partition.
 * @param countMax records over all partitions.
 */
export function searchRanges(
  partitions: readonly SearchedPartition[],
  countMax: number = SEARCHED_MAX,
): Search {
  const share = Math.ceil(countMax / Math.max(1, partitions.length));
  const ranges = partitions.map(({ topic, partition, from, logStartOffset, logEndOffset }) => {
    const newest = Math.max(logStartOffset, logEndOffset - share);
    const begin = from === null ? newest : Math.max(from, logStartOffset);
    const end = Math.min(logEndOffset, begin + share);
    return { topic, partition, from: asOffset(begin), to: asOffset(Math.max(begin, end)) };
  });
  const isPartial = ranges.some((range, index) => {
    const all = partitions[index];
    if (all === undefined) return false;
    return range.to < all.logEndOffset || (all.from === null && range.from > all.logStartOffset);
  });
  return { ranges: ranges.filter(({ from, to }) => from < to), isPartial };
}

/** UUIDv7: 48 bits of epoch ms stand in front. */
const UUID_V7 = /^([\da-f]{8})-([\da-f]{4})-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/iu;

/** When an id was made, epoch ms; null where it does not say. */
export function madeAt(id: string): number | null {
  const [, high, low] = UUID_V7.exec(id) ?? [];
  return high === undefined || low === undefined ? null : Number.parseInt(high + low, 16);
}
