/** Looks for an event in the logs themselves. */
import { asTopic, type SourceRecord } from "@millrace/engine";
import type { EventPlace } from "@millrace/journal";
import { HEADERS } from "@millrace/schemas";
import { Progress } from "../../output/progress.ts";
import type { EventWorld } from "./event-world.ts";
import { madeAt, SEARCHED_MAX, searchRanges, type SearchedPartition } from "./search-ranges.ts";

/** An id's clock and the brokers' may differ by so much, ms. */
const CLOCKS_APART_MS = 60_000;
/** Records that are read behind the first that is found: an emit that was repeated stands a little later. */
const READ_ON_COUNT = 10_000;

/** What was found, and where it was looked. */
export interface SearchEnd {
  readonly places: readonly EventPlace[];
  readonly readCount: number;
  readonly topics: readonly string[];
  /** From where on, epoch ms; null: the newest records. */
  readonly since: number | null;
  /** More might stand in what was not read. */
  readonly isPartial: boolean;
}

/**
 * Searches the topics of the targets and of the catalogue.
 * @param from epoch ms to search from, to the end, however much that is; null: from when the id says it was made, else
 *   the newest records, a bounded number of them.
 */
export async function searchLogs(
  world: EventWorld,
  id: string,
  from: number | null,
): Promise<SearchEnd> {
  const since = from ?? sinceMade(id);
  const partitions = await partitionsOf(world, since);
  const countMax = from === null ? SEARCHED_MAX : Number.MAX_SAFE_INTEGER;
  const { ranges, isPartial } = searchRanges(partitions, countMax);
  const totalCount = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
  const places: EventPlace[] = [];
  let [readCount, endCount] = [0, totalCount];
  const progress = new Progress(world.terminal);
  const wanted = Buffer.from(id);
  try {
    for await (const { records } of world.reader.read(ranges)) {
      const found = records.filter((record) => isOf(record, wanted));
      readCount += records.length;
      if (places.length === 0 && found.length > 0) endCount = readCount + READ_ON_COUNT;
      places.push(...found.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
      progress.show(readCount, readCount / totalCount);
      if (readCount >= endCount) break;
    }
  } finally {
    progress.end();
  }
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  return { places, readCount, topics, since, isPartial };
}

function sinceMade(id: string): number | null {
  const at = madeAt(id);
  return at === null ? null : Math.max(0, at - CLOCKS_APART_MS);
}

async function partitionsOf(
  { admin, reader, settings }: EventWorld,
  since: number | null,
): Promise<readonly SearchedPartition[]> {
  const read = [...settings.targets.values()].flatMap((target) => target.topics);
  const named = new Set<string>([...read, ...settings.catalog.topics.keys()]);
  const existing = await admin.describeTopics([...named].map(asTopic));
  const all = await Promise.all(
    [...existing.keys()].map(async (topic) => {
      const ranges = await reader.ranges(topic);
      return Promise.all(
        ranges.map(async (range): Promise<SearchedPartition> => {
          const { partition } = range;
          if (since === null) return { ...range, topic, from: null };
          const position = { kind: "time", epochMs: since } as const;
          return { ...range, topic, from: await reader.offsetAt({ topic, partition }, position) };
        }),
      );
    }),
  );
  return all.flat();
}

function isOf({ headers }: SourceRecord, id: Buffer): boolean {
  const values = headers[HEADERS.id];
  const last = values instanceof Uint8Array ? values : values?.at(-1);
  return last !== undefined && id.equals(last);
}
