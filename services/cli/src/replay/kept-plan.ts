/** A plan against the log as it is now: what it has lost since is told, and the rest counted anew. */
import { asOffset, asPartition, asTopic, type PartitionRange } from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { countRanges } from "./count-ranges.ts";
import type { GoneRecords } from "./gone-records.ts";
import type { PlannedRange, SavedPlan } from "./saved-plan.ts";
import { plannedSelection } from "./selection.ts";
import type { Reading } from "./with-reader.ts";

/** What is left of a plan. */
export interface KeptPlan {
  readonly plan: SavedPlan;
  /** What is gone since it was made. */
  readonly gone: readonly GoneRecords[];
}

/**
 * Looks at the log of every range, and reads those again that have lost their beginning.
 * @throws CliError precondition where a log ends below the plan; MillraceError of the brokers.
 */
export async function keptPlan(plan: SavedPlan, { reader, progress }: Reading): Promise<KeptPlan> {
  const starts = await logStarts(reader, plan.items);
  const cut = plan.items.filter((item) => Number(item.from) < startOf(starts, item));
  const left = await countRanges(reader, {
    ...{ selection: plannedSelection(cut, plan.keys), notesRuns: plan.filter !== null, progress },
    ranges: cut.map((item) => rangeFrom(item, startOf(starts, item))),
  });
  const items = plan.items.filter((item) => !cut.includes(item));
  const rest = left.ranges.map(({ planned }) => planned).filter(({ events }) => events > 0);
  return {
    plan: { ...plan, items: [...items, ...rest] },
    gone: cut.map((item) => goneOf(item, startOf(starts, item))),
  };
}

async function logStarts(
  reader: LogReader,
  items: readonly PlannedRange[],
): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  for (const topic of new Set(items.map((item) => item.topic))) {
    const ranges = await reader.ranges(asTopic(topic));
    for (const item of items.filter((one) => one.topic === topic)) {
      const range = ranges.find(({ partition }) => partition === item.partition);
      requireEnd(item, range);
      starts.set(placeOf(item), range?.logStartOffset ?? 0);
    }
  }
  return starts;
}

/** A topic that was made anew has other records at these offsets. */
function requireEnd(item: PlannedRange, range: PartitionRange | undefined): void {
  const end = range?.logEndOffset ?? 0;
  if (end >= Number(item.to)) return;
  throw new CliError(
    EXIT.precondition,
    `the log of ${placeOf(item)} ends at ${end}, and the plan goes up to ${item.to}: it is another log`,
    { hint: "make the plan anew" },
  );
}

function rangeFrom({ topic, partition, to }: PlannedRange, from: number): Required<ReadRange> {
  const place = { topic: asTopic(topic), partition: asPartition(partition) };
  const end = asOffset(Number(to));
  return { ...place, from: asOffset(Math.min(from, end)), to: end };
}

function goneOf({ topic, partition, from, to }: PlannedRange, start: number): GoneRecords {
  const end = Math.min(start, Number(to));
  return { topic, partition, from, to: String(end), isExact: true };
}

function startOf(starts: ReadonlyMap<string, number>, item: PlannedRange): number {
  return starts.get(placeOf(item)) ?? 0;
}

function placeOf({ topic, partition }: Pick<PlannedRange, "partition" | "topic">): string {
  return `${topic}/${partition}`;
}
