import { groupId, type TargetConfig } from "@millrace/config";
import { asTopic } from "@millrace/engine";
import { createTopicAdmin, type LogReader, type ReadRange } from "@millrace/kafka";
import { nearestHint } from "@millrace/schemas";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import type { CommandContext } from "../context.ts";
import type { Position } from "../position.ts";
import { connectionOf, type Settings } from "../settings.ts";
import type { Privacy } from "../tail/event-view.ts";
import { readRanges } from "../tail/read-ranges.ts";
import { countRanges, type CountedRanges } from "./count-ranges.ts";
import { filterSelection } from "./selection.ts";
import { goneRecords, type GoneRecords } from "./gone-records.ts";
import { lookBack } from "./look-back.ts";
import { configOf } from "./planned-config.ts";
import type { SavedPlan } from "./saved-plan.ts";
import { withReader } from "./with-reader.ts";

/** Runs of offsets that a job may name. */
const RUNS_MAX = 50_000;

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
  /** CEL over an event; null: all. */
  readonly filter: string | null;
  /** Whether keys that are personal data are named where the plan names keys. */
  readonly privacy: Privacy;
}

/** With what it is planned. */
export interface Planning {
  readonly settings: Settings;
  readonly context: Pick<CommandContext, "env" | "terminal">;
  /** Asked where the log has lost a part of the range. */
  readonly isRestWanted: (gone: readonly GoneRecords[]) => Promise<boolean>;
}

/**
 * Plans a replay as the log stands now: reads the ranges, counts, and asks the journal. Null where what is left is not wanted.
 * @throws CliError for topics, partitions and offsets that are not there; MillraceError of the brokers.
 */
export function makePlan(request: PlanRequest, planning: Planning): Promise<SavedPlan | null> {
  const { target, keys, filter, privacy } = request;
  const { settings, context, isRestWanted } = planning;
  const { terminal } = context;
  return withReader({ settings, terminal }, async ({ reader, progress }) => {
    const { ranges, gone } = await rangesOf(reader, request, settings);
    const selection = await filterSelection(request, settings);
    if (gone.length > 0 && !(await isRestWanted(gone))) return null;
    const planned = await configOf(target, settings);
    const notesRuns = filter !== null;
    const counted = await countRanges(reader, { ranges, selection, notesRuns, progress });
    requireFewRuns(counted);
    const unfilterable = selection.unfilterableCount();
    if (unfilterable > 0)
      terminal.note(`${unfilterable} records could not be filtered: none is meant`);
    const past = await lookBack(counted, { settings, context, target, reader, privacy });
    return {
      ...{ apiVersion: API_VERSION, kind: "ReplayPlan", target: target.name, keys, filter },
      ...planned,
      ...{ madeAt: new Date().toISOString(), gone },
      ...past,
    };
  });
}

/** A job is one record of the control topic. */
function requireFewRuns({ ranges }: CountedRanges): void {
  const count = ranges.reduce((sum, { planned }) => sum + (planned.only?.length ?? 0) / 2, 0);
  if (count <= RUNS_MAX) return;
  throw new CliError(
    EXIT.precondition,
    `the filter's events stand at ${count} places apart, more than ${RUNS_MAX}`,
    { hint: "plan a part of the range at a time, or other events with it" },
  );
}

interface PlanRanges {
  readonly ranges: readonly Required<ReadRange>[];
  readonly gone: readonly GoneRecords[];
}

async function rangesOf(
  reader: LogReader,
  { target, topics, from, to }: PlanRequest,
  settings: Settings,
): Promise<PlanRanges> {
  const ranges: Required<ReadRange>[] = [];
  const gone: GoneRecords[] = [];
  requireTopics(target, topics);
  for (const { topic, partitions } of topics) {
    const committed = (): Promise<ReadonlyMap<number, number | null>> =>
      committedOf(settings, target.name, topic);
    const found = await readRanges(reader, {
      ...{ topic, partitions, from, to, committed },
      onGone: (range) => gone.push(goneRecords(range)),
    });
    for (const { to: end, ...range } of found)
      if (end !== undefined && end > range.from) ranges.push({ ...range, to: end });
  }
  return { ranges, gone };
}

function requireTopics(target: TargetConfig, topics: PlanRequest["topics"]): void {
  const seen = new Set<string>();
  for (const { topic } of topics) {
    if (!target.topics.includes(topic)) {
      throw new CliError(EXIT.notFound, `${target.name} does not read topic ${topic}`, {
        hint: nearestHint(topic, target.topics, "it reads none"),
      });
    }
    if (seen.has(topic)) {
      throw new CliError(EXIT.usage, `--topic ${topic} stands twice`, {
        hint: `name its partitions together: --topic ${topic}:0,3`,
      });
    }
    seen.add(topic);
  }
}

/** What a target has committed of a topic, by partition; null for one without. */
export async function committedOf(
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
