import { writeFile } from "node:fs/promises";
import type { TargetConfig } from "@millrace/config";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { estimateText } from "../replay/estimate.ts";
import type { FirstTime } from "../replay/first-time.ts";
import { goneText } from "../replay/gone-records.ts";
import { windowText } from "../replay/key-window.ts";
import { tableText } from "../output/table.ts";
import type { Column } from "../output/table.ts";
import type { Position } from "../position.ts";
import { laterKeysText } from "../replay/later-keys.ts";
import { makePlan, type Planning } from "../replay/make-plan.ts";
import { isRestWanted } from "../replay/rest-question.ts";
import { planText, type PlannedRange, type SavedPlan } from "../replay/saved-plan.ts";
import { printWhole } from "../output/print-whole.ts";
import { safeText } from "../output/safe-text.ts";
import type { Privacy } from "../tail/event-view.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** What is planned. */
export interface ReplayPlanOptions {
  readonly target: string;
  /** Default: all of the target's. */
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly number[] | null;
  }[];
  readonly from: Position;
  readonly to: Position;
  readonly keys: readonly string[] | null;
  /** CEL; null: all. */
  readonly filter: string | null;
  readonly privacy: Privacy;
  /** Where the plan is saved; null: it is only shown. */
  readonly path: string | null;
}

const COLUMNS: readonly Column<PlannedRange>[] = [
  { name: "partition", cell: ({ topic, partition }) => `${topic}:${partition}` },
  { name: "from", cell: ({ from }) => from, align: "right" },
  { name: "to", cell: ({ to }) => to, align: "right" },
  { name: "records", cell: ({ records }) => String(records), align: "right" },
  { name: "events", cell: ({ events }) => String(events), align: "right" },
  ...[
    firstTimeColumn("delivered", ({ delivered }) => delivered),
    firstTimeColumn("skipped", ({ skipped }) => skipped),
    firstTimeColumn("dead", ({ deadLettered }) => deadLettered),
    firstTimeColumn("parked", ({ parked }) => parked),
    firstTimeColumn("unknown", ({ unknown }) => unknown),
  ],
  { name: "first", cell: ({ first }) => first ?? "-" },
  { name: "last", cell: ({ last }) => last ?? "-" },
];

function firstTimeColumn(name: string, countOf: (one: FirstTime) => number): Column<PlannedRange> {
  return {
    ...{ name, align: "right" },
    cell: ({ firstTime }) => (firstTime === null ? "-" : String(countOf(firstTime))),
  };
}

/**
 * Shows what a replay would send, and saves it for `replay start`. Where the log has lost a part of the range it says so, and
 * asks whether the rest is meant.
 */
export async function replayPlan(
  context: CommandContext,
  options: ReplayPlanOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.target);
  const all = target.topics.map((topic) => ({ topic, partitions: null }));
  const topics = options.topics.length === 0 ? all : options.topics;
  const { from, to, keys, filter, privacy } = options;
  const course: Planning = {
    ...{ settings, context },
    isRestWanted: (gone) => isRestWanted(context, gone, "Plan"),
  };
  const plan = await makePlan({ target, topics, from, to, keys, filter, privacy }, course);
  if (plan === null) return EXIT.precondition;
  await printWhole(context, plan, () =>
    plan.items.length === 0 ? Promise.resolve("") : tableText(plan.items, COLUMNS),
  );
  tell(context, plan, target);
  if (options.path !== null) {
    await writeFile(options.path, planText(plan));
    terminal.note(`saved: millrace replay start ${options.path} --mode repair --reason TEXT`);
  }
  return EXIT.ok;
}

function tell({ terminal }: CommandContext, plan: SavedPlan, target: TargetConfig): void {
  const { items, gone, estimate, laterKeys } = plan;
  const events = items.reduce((sum, item) => sum + item.events, 0);
  terminal.note(`${events} events to ${target.name}, in ${items.length} partitions`);
  if (events > 0) terminal.note(estimateText(estimate, target.name));
  const { text, isWarning } = windowText(plan, target, Date.parse(plan.madeAt));
  if (!isWarning) terminal.note(text);
  const later = laterKeys === null ? null : laterKeysText(laterKeys, target.name);
  const warnings = [gone.length > 0 ? goneText(gone) : null, isWarning ? text : null, later];
  for (const warning of warnings) if (warning !== null) terminal.complain(safeText(warning));
}
