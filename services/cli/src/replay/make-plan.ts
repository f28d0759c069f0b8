import type { TargetConfig } from "@millrace/config";
import { asOffset, type SourceRecord } from "@millrace/engine";
import { createLogReader, createTopicAdmin, type LogReader, type ReadRange } from "@millrace/kafka";
import { groupId } from "@millrace/config";
import { asTopic } from "@millrace/engine";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import { Progress } from "../output/progress.ts";
import type { Terminal } from "../output/terminal.ts";
import type { Position } from "../position.ts";
import { connectionOf, type Settings } from "../settings.ts";
import { readRanges } from "../tail/read-ranges.ts";
import type { PlannedRange, SavedPlan } from "./saved-plan.ts";

/** What is to be replayed. */
export interface PlanRequest {
  readonly target: TargetConfig;
  /** Topics of the target; with partitions, those only. */
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly number[] | null;
  }[];
  readonly from: Position;
  readonly to: Position;
  /** Null: all. */
  readonly keys: readonly string[] | null;
}

/** With what it is planned. */
export interface Planning {
  readonly settings: Settings;
  readonly terminal: Terminal;
}

/**
 * Plans a replay as the log stands now: reads the ranges and counts.
 * @throws CliError for topics, partitions and offsets that are not there; MillraceError of the brokers.
 */
export async function makePlan(request: PlanRequest, planning: Planning): Promise<SavedPlan> {
  const { settings, terminal } = planning;
  const { target, keys } = request;
  const reader = createLogReader({ connection: connectionOf(settings) });
  const progress = new Progress(terminal);
  try {
    const ranges = await rangesOf(reader, request, settings);
    const items = await countRanges(reader, { ranges, keys, progress });
    return {
      ...{ apiVersion: API_VERSION, kind: "ReplayPlan", target: target.name, keys },
      mappingRevision: target.mappingRevision,
      madeAt: new Date().toISOString(),
      items: items.filter(({ events }) => events > 0),
    };
  } finally {
    progress.end();
    await reader.close();
  }
}

async function rangesOf(
  reader: LogReader,
  { target, topics, from, to }: PlanRequest,
  settings: Settings,
): Promise<readonly Required<ReadRange>[]> {
  const ranges: Required<ReadRange>[] = [];
  for (const { topic, partitions } of topics) {
    if (!target.topics.includes(topic)) {
      throw new CliError(EXIT.notFound, `${target.name} does not read topic ${topic}`, {
        hint: `it reads ${target.topics.join(", ")}`,
      });
    }
    const committed = (): Promise<ReadonlyMap<number, number | null>> =>
      committedOf(settings, target.name, topic);
    const found = await readRanges(reader, { topic, partitions, from, to, committed });
    for (const { to: end, ...range } of found)
      if (end !== undefined && end > range.from) ranges.push({ ...range, to: end });
  }
  return ranges;
}

async function committedOf(
  settings: Settings,
  target: string,
  topic: string,
): Promise<ReadonlyMap<number, number | null>> {
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const offsets = await admin.groupOffsets(groupId(settings.namespace, target), asTopic(topic));
    return new Map(offsets.map((one) => [one.partition, one.committed?.offset ?? null]));
  } finally {
    await admin.close();
  }
}

interface Count {
  readonly range: Required<ReadRange>;
  records: number;
  events: number;
  firstMs: number | null;
  lastMs: number | null;
}

async function countRanges(
  reader: LogReader,
  of: {
    readonly ranges: readonly Required<ReadRange>[];
    readonly keys: readonly string[] | null;
    readonly progress: Progress;
  },
): Promise<readonly PlannedRange[]> {
  const { ranges, keys, progress } = of;
  const wanted = keys === null ? null : new Set(keys);
  const counts = new Map(
    ranges.map((range): readonly [string, Count] => [
      placeOf(range),
      { range, records: 0, events: 0, firstMs: null, lastMs: null },
    ]),
  );
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  for await (const batch of reader.read(ranges)) {
    const count = counts.get(placeOf(batch));
    if (count !== undefined) for (const record of batch.records) note(count, record, wanted);
    readCount += batch.records.length;
    progress.show(readCount, total === 0 ? 1 : readCount / total);
  }
  return Array.from(counts.values(), plannedRange);
}

function note(
  count: Count,
  { key, timestampMs }: SourceRecord,
  wanted: ReadonlySet<string> | null,
): void {
  count.records += 1;
  if (wanted !== null && (key === null || !wanted.has(Buffer.from(key).toString()))) return;
  count.events += 1;
  count.firstMs ??= timestampMs;
  count.lastMs = timestampMs;
}

function plannedRange({ range, records, events, firstMs, lastMs }: Count): PlannedRange {
  const time = (ms: number | null): string | null =>
    ms === null ? null : new Date(ms).toISOString();
  const { topic, partition, from, to } = range;
  return {
    ...{ topic, partition, from: String(from), to: String(asOffset(to)) },
    ...{ records, events, first: time(firstMs), last: time(lastMs) },
  };
}

function placeOf({ topic, partition }: Pick<ReadRange, "partition" | "topic">): string {
  return `${topic}/${partition}`;
}
