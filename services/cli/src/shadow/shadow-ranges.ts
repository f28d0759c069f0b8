import { asOffset, asTopic } from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Position } from "../position.ts";
import { readRanges } from "../tail/read-ranges.ts";

/** Which past events are meant. */
export interface ShadowRangeRequest {
  /** With partitions, those only; empty: all that are read. */
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly number[] | null;
  }[];
  readonly from: Position;
  readonly to: Position;
}

/** What the positions are looked up in. */
export interface ShadowRangeGround {
  readonly reader: LogReader;
  /** Topics that the target reads under one configuration or the other. */
  readonly readTopics: readonly string[];
  /** Its committed offsets by partition. */
  readonly committed: (topic: string) => Promise<ReadonlyMap<number, number | null>>;
}

/**
 * The ranges as the log stands now, none of them empty or beyond its end.
 * @throws CliError for topics, partitions and offsets that are not there; MillraceError of the brokers.
 */
export async function shadowRanges(
  { topics, from, to }: ShadowRangeRequest,
  { reader, readTopics, committed }: ShadowRangeGround,
): Promise<readonly Required<ReadRange>[]> {
  const all = readTopics.map((topic) => ({ topic, partitions: null }));
  requireTopics(topics, readTopics);
  const ranges: Required<ReadRange>[] = [];
  for (const { topic, partitions } of topics.length === 0 ? all : topics) {
    const request = { topic, partitions, from, to, committed: () => committed(topic) };
    const found = await readRanges(reader, request);
    const log = await reader.ranges(asTopic(topic));
    const ends = new Map(log.map(({ partition, logEndOffset }) => [partition, logEndOffset]));
    for (const { partition, from: start, to: wanted } of found) {
      const end = Math.min(wanted ?? Infinity, ends.get(partition) ?? 0);
      if (end > start) {
        ranges.push({ topic: asTopic(topic), partition, from: start, to: asOffset(end) });
      }
    }
  }
  return ranges;
}

function requireTopics(topics: ShadowRangeRequest["topics"], readTopics: readonly string[]): void {
  const names = topics.map(({ topic }) => topic);
  const unread = names.find((name) => !readTopics.includes(name));
  if (unread !== undefined) {
    throw new CliError(EXIT.notFound, `the target does not read topic ${unread}`, {
      hint: `it reads ${readTopics.join(", ")}`,
    });
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new CliError(EXIT.usage, `--topic ${repeated} stands twice`, {
      hint: `name its partitions together: --topic ${repeated}:0,3`,
    });
  }
}
