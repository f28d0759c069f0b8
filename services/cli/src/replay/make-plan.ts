import { groupId, type TargetConfig } from "@millrace/config";
import { asTopic } from "@millrace/engine";
import { createTopicAdmin } from "@millrace/kafka";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import type { CommandContext } from "../context.ts";
import { connectionOf, type Settings } from "../settings.ts";
import type { Privacy } from "../tail/event-view.ts";
import { countRanges, type CountedRanges } from "./count-ranges.ts";
import { filterSelection } from "./selection.ts";
import type { GoneRecords } from "./gone-records.ts";
import { lookBack } from "./look-back.ts";
import { pastRanges, type PastRangeRequest } from "./past-ranges.ts";
import { configOf } from "./planned-config.ts";
import type { SavedPlan } from "./saved-plan.ts";
import { withReader } from "./with-reader.ts";

/** Runs of offsets that a job may name. */
const RUNS_MAX = 50_000;

/** What is to be replayed. */
export interface PlanRequest extends PastRangeRequest {
  readonly target: TargetConfig;
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
  /** Asked with what the log has lost of the range, which may be nothing. */
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
    const committed = (topic: string) => committedOf(settings, target.name, topic);
    const { ranges, gone } = await pastRanges(request, {
      reader,
      target,
      committed,
      end: "in-log",
    });
    const selection = await filterSelection(request, settings);
    if (!(await isRestWanted(gone))) return null;
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
