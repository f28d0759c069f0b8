/** Positions to offsets: which part of each partition is read. */
import { asOffset, asTopic, type Offset, type PartitionRange, type Topic } from "@millrace/engine";
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
}

/**
 * The ranges to read, as the log stands now.
 * @throws CliError for partitions and offsets that are not there.
 */
export async function readRanges(
  reader: LogReader,
  request: RangeRequest,
): Promise<readonly ReadRange[]> {
  const topic = asTopic(request.topic);
  const ranges = chosen(await reader.ranges(topic), request);
  const places = new Places(reader, topic, request.committed);
  return Promise.all(
    ranges.map(async (range): Promise<ReadRange> => {
      const from = inLog(await places.offset(range, request.from), range, topic);
      const { partition } = range;
      if (request.to === null) return { topic, partition, from };
      return { topic, partition, from, to: asOffset(await places.offset(range, request.to)) };
    }),
  );
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
  readonly #reader: LogReader;
  readonly #topic: Topic;
  readonly #readCommitted: () => Promise<ReadonlyMap<number, number | null>>;
  #committed: Promise<ReadonlyMap<number, number | null>> | null = null;

  constructor(
    reader: LogReader,
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

function inLog(offset: number, range: PartitionRange, topic: Topic): Offset {
  const { partition, logStartOffset, logEndOffset } = range;
  if (offset >= logStartOffset && offset <= logEndOffset) return asOffset(offset);
  throw new CliError(EXIT.notFound, `${topic}/${partition} has no offset ${offset}`, {
    hint: `its log goes from ${logStartOffset} up to ${logEndOffset}`,
  });
}
