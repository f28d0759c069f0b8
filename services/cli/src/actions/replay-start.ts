import { readFile } from "node:fs/promises";
import type { JobRange } from "@millrace/control";
import {
  asJob,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
  type ReplayMode,
} from "@millrace/engine";
import { v7 as uuid } from "uuid";
import { CliError, reasonOf } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { wishOf, type WishOptions } from "../control-access.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { goneText } from "../replay/gone-records.ts";
import { keptPlan } from "../replay/kept-plan.ts";
import { requireKnownKeys } from "../replay/key-window.ts";
import { configOf, requireUnchanged } from "../replay/planned-config.ts";
import { withReplays } from "../replay/replay-desk.ts";
import { REPLAY_COLUMNS } from "../replay/replay-item.ts";
import { withReader } from "../replay/with-reader.ts";
import { runsOf } from "../replay/selection.ts";
import { isStartWanted } from "../replay/start-question.ts";
import { readPlan, type SavedPlan } from "../replay/saved-plan.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** What is started. */
export interface ReplayStartOptions extends WishOptions {
  readonly path: string;
  readonly mode: ReplayMode;
  /** Names the job; default: a new name. */
  readonly job?: string | undefined;
  /** Repairs also what the target's dedupe window has passed. */
  readonly force?: true | undefined;
}

/**
 * Starts exactly what a plan says; the partitions' owners do it. What the log has lost of it since is told, and the rest only
 * sent where that is wanted.
 */
export async function replayStart(
  context: CommandContext,
  options: ReplayStartOptions,
): Promise<ExitCode> {
  const { path, mode } = options;
  const { terminal } = context;
  const saved = readPlan(await textOf(path), path);
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, saved.target);
  requireUnchanged(target.name, saved, await configOf(target, settings));
  const { plan, gone } = await withReader({ settings, terminal }, (reading) =>
    keptPlan(saved, reading),
  );
  if (gone.length > 0) terminal.complain(`since the plan was made, ${goneText(gone)}`);
  if (plan.items.length === 0) {
    terminal.complain(`${path} has no events that are still there: nothing is started`);
    return EXIT.precondition;
  }
  const isForced = options.force === true;
  requireKnownKeys(plan, target, { mode, nowMs: Date.now(), isForced });
  const question = { plan, gone: [...plan.gone, ...gone], mode };
  if (!(await isStartWanted(context, question))) return EXIT.precondition;
  return withReplays(settings, async ({ board, item }) => {
    const id = asJob(options.job ?? uuid());
    if (board.jobs().some((job) => job.id === id)) {
      throw new CliError(EXIT.precondition, `there is a replay ${id} already`, {
        hint: "name another one with --job, or leave it out",
      });
    }
    const ranges = plan.items.map(rangeOf);
    const keys = plan.keys?.map((key) => asRecordKey(Buffer.from(key).toString("latin1"))) ?? null;
    const wish = wishOf(options);
    await board.putJob({
      id,
      target: asTarget(target.name),
      mode,
      ranges,
      keys,
      state: "run",
      wish,
    });
    await print(context, { kind: "ReplayList", items: [await item(id)] }, REPLAY_COLUMNS);
    terminal.note(`millrace replay status ${id} --watch follows it`);
    return EXIT.ok;
  });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CliError(EXIT.notFound, `cannot read ${path}: ${reasonOf(error)}`);
  }
}

function rangeOf(item: SavedPlan["items"][number]): JobRange {
  const { topic, partition, from, to, events } = item;
  const place = { topic: asTopic(topic), partition: asPartition(partition) };
  return { ...place, from: Number(from), to: Number(to), plannedCount: events, only: runsOf(item) };
}
