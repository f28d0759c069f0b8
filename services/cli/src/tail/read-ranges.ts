/** Positions to offsets: which part of each partition is read. */
import {
  asOffset,
  asTopic,
  type Offset,
  type PartitionRange,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Position } from "../position.ts";

/** What is asked for. */
export interface RangeRequest {
  readonly topic: string;
  /** Null: all. */
  readonly partitions: readonly number[] | null;
  readonly from: Position;
  /** Null: on and on. */
  readonly to: Position | null;
  /** A target's committed offsets by partition; null for one without. */
  readonly committed: () => Promise<ReadonlyMap<number, number | null>>;
  /** Given: what of a range is below the log's start is told and left out. Default: a beginning there is refused. */
  readonly onGone?: (gone: GoneRange) => void;
  /** Whether ranges have to end in the log as it is now (`in-log`), or may end where it is not yet. Default: they may. */
  readonly end?: "in-log" | "may-come";
}

/** What of a range the log has no more: retention, or somebody, has deleted it. */
export interface GoneRange extends TopicPartition {
  readonly from: number;
  /** One above the last. */
  readonly to: number;
  /** False: a time was asked for, and nobody knows any more which of these were written after it. */
  readonly isExact: boolean;
}

/** What positions are looked up with. */
type RangeReader = Pick<LogReader, "offsetAt" | "ranges">;

/**
 * The ranges to read, as the log stands now.
 * @throws CliError for partitions and offsets that are not there.
 */
export async function readRanges(
  reader: RangeReader,
  request: RangeRequest,
): Promise<readonly ReadRange[]> {
  const topic = asTopic(request.topic);
  const ranges = chosen(await reader.ranges(topic), request);
  const places = new Places(reader, topic, request.committed);
  return Promise.all(
    ranges.map(async (range): Promise<ReadRange> => {
      const { partition } = range;
      const from = await places.offset(range, request.from);
      const to = request.to === null ? null : asOffset(await places.offset(range, request.to));
      if (to !== null && request.end === "in-log") requireReached(to, range, topic);
      const start = request.onGone === undefined ? from : keptStart({ from, to }, range, request);
      const read = { topic, partition, from: inLog(start, range, topic) };
      return to === null ? read : { ...read, to };
    }),
  );
}

/** Where a range begins in the log as it is; what lies before is told. */
function keptStart(
  asked: { readonly from: number; readonly to: Offset | null },
  range: PartitionRange,
  { topic: name, from: position, onGone }: RangeRequest,
): number {
  const [topic, { partition, logStartOffset: start }] = [asTopic(name), range];
  const { from, to } = asked;
  const end = Math.min(to ?? start, start);
  const isExact = from < start || position.kind !== "time";
  // The first record there is may be the first of the time that was asked for, or the first that is left of it.
  const first = isExact ? from : from === start ? 0 : end;
  if (first < end) onGone?.({ topic, partition, from: first, to: end, isExact });
  return Math.max(from, start);
}

function chosen(
  ranges: readonly PartitionRange[],
  { topic, partitions, from, to }: RangeRequest,
): readonly PartitionRange[] {
  const named = [partitions, partitionsIn(from), to === null ? null : partitionsIn(to)];
  const known = new Set<number>(ranges.map(({ partition }) => partition));
  for (const partition of named.flatMap((one) => one ?? [])) {
    if (known.has(partition)) continue;
    throw new CliError(EXIT.notFound, `${topic} has no partition ${partition}`, {
      hint: `it has ${ranges.length}, from 0 on`,
    });
  }
  return ranges.filter(({ partition }) =>
    named.every((one) => one === null || one.includes(partition)),
  );
}

function partitionsIn(position: Position): readonly number[] | null {
  return position.kind === "offsets" ? [...position.offsets.keys()] : null;
}

class Places {
  readonly #reader: RangeReader;
  readonly #topic: Topic;
  readonly #readCommitted: () => Promise<ReadonlyMap<number, number | null>>;
  #committed: Promise<ReadonlyMap<number, number | null>> | null = null;

  constructor(
    reader: RangeReader,
    topic: Topic,
    readCommitted: () => Promise<ReadonlyMap<number, number | null>>,
  ) {
    this.#reader = reader;
    this.#topic = topic;
    this.#readCommitted = readCommitted;
  }

  async offset(range: PartitionRange, position: Position): Promise<number> {
    const { partition, logStartOffset, logEndOffset } = range;
    switch (position.kind) {
      case "earliest":
        return logStartOffset;
      case "latest":
        return logEndOffset;
      case "time":
        return this.#reader.offsetAt({ topic: this.#topic, partition }, position);
      case "offsets":
        return position.offsets.get(partition) ?? logEndOffset;
      case "committed": {
        this.#committed ??= this.#readCommitted();
        return (await this.#committed).get(partition) ?? logStartOffset;
      }
    }
  }
}

function requireReached(to: Offset, range: PartitionRange, topic: Topic): void {
  if (to > range.logEndOffset) inLog(to, range, topic);
}

function inLog(offset: number, range: PartitionRange, topic: Topic): Offset {
  const { partition, logStartOffset, logEndOffset } = range;
  if (offset >= logStartOffset && offset <= logEndOffset) return asOffset(offset);
  throw new CliError(EXIT.notFound, `${topic}/${partition} has no offset ${offset}`, {
    hint: `its log goes from ${logStartOffset} up to ${logEndOffset}`,
  });
}
