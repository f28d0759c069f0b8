/** Which part of a target's sources past events are taken from, and what of it the log has no more. */
import { asOffset, asTopic } from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import type { Position } from "../position.ts";
import { readRanges, type RangeRequest } from "../tail/read-ranges.ts";
import { requireTopics, type TopicChoice } from "../topic-choice.ts";
import { goneRecords, type GoneRecords } from "./gone-records.ts";

/** Which past events are meant. */
export interface PastRangeRequest {
  /** With partitions, those only; empty: all that the target reads. */
  readonly topics: readonly TopicChoice[];
  readonly from: Position;
  readonly to: Position;
}

/** What the positions are looked up in. */
export interface PastRangeGround {
  readonly reader: Pick<LogReader, "offsetAt" | "ranges">;
  readonly target: { readonly name: string; readonly topics: readonly string[] };
  /** The target's committed offsets by partition; null for one without. */
  readonly committed: (topic: string) => Promise<ReadonlyMap<number, number | null>>;
  /** Whether an end that is still to come is refused; else the range ends where the log does. */
  readonly end: NonNullable<RangeRequest["end"]>;
}

/** Parts of logs, none of them empty, and what is gone of what was asked for, by partition. */
export interface PastRanges {
  readonly ranges: readonly Required<ReadRange>[];
  readonly gone: readonly GoneRecords[];
}

/**
 * The ranges as the log stands now.
 * @throws CliError for topics, partitions and offsets that are not there; MillraceError of the brokers.
 */
export async function pastRanges(
  { topics, from, to }: PastRangeRequest,
  { reader, target, committed, end }: PastRangeGround,
): Promise<PastRanges> {
  const ranges: Required<ReadRange>[] = [];
  const gone: GoneRecords[] = [];
  const all = target.topics.map((topic) => ({ topic, partitions: null }));
  requireTopics(target, topics);
  for (const { topic, partitions } of topics.length === 0 ? all : topics) {
    const found = await readRanges(reader, {
      ...{ topic, partitions, from, to, end, committed: () => committed(topic) },
      onGone: (range) => gone.push(goneRecords(range)),
    });
    const log = await reader.ranges(asTopic(topic));
    const ends = new Map(log.map(({ partition, logEndOffset }) => [partition, logEndOffset]));
    for (const range of found) {
      const last = Math.min(range.to ?? Infinity, ends.get(range.partition) ?? 0);
      if (last > range.from) ranges.push({ ...range, to: asOffset(last) });
    }
  }
  return { ranges, gone };
}
