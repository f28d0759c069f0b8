import type { ReplayJob } from "@millrace/control";
import type { ReplayProgress } from "@millrace/engine";
import type { Column } from "../output/table.ts";

/** A replay in one partition, as its owner wrote it last. */
export interface ReplayPartitionItem {
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  readonly to: string;
  readonly planned: number;
  readonly sent: number;
  readonly skipped: number;
  readonly failed: number;
  /** Null: it goes on. */
  readonly end: string | null;
}

/** A replay, as it is printed. */
export interface ReplayItem {
  readonly job: string;
  readonly target: string;
  readonly mode: ReplayJob["mode"];
  /** What is wanted of it. */
  readonly wanted: ReplayJob["state"];
  /** `open` until every partition's part has ended. */
  readonly state: "done" | "ended" | "open";
  readonly by: string;
  readonly reason: string;
  /** Events: planned is what sent, skipped and failed ones have to add up to. */
  readonly planned: number;
  readonly sent: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly partitions: readonly ReplayPartitionItem[];
}

/** The item of a job, by what its owners wrote. */
export function replayItem(job: ReplayJob, progress: readonly ReplayProgress[]): ReplayItem {
  const own = progress.filter((one) => one.job === job.id);
  const parts = job.ranges.map((range) => {
    const step = own.find((one) => one.topic === range.topic && one.partition === range.partition);
    return { range, step: step?.step ?? null };
  });
  const partitions = parts.map(({ range, step }): ReplayPartitionItem => {
    const { topic, partition, from, to, plannedCount } = range;
    return {
      ...{ topic, partition, from: String(from), to: String(to), planned: plannedCount },
      sent: step?.counts.sent ?? 0,
      skipped: totalOf(step?.counts.skipped ?? {}),
      failed: totalOf(step?.counts.failed ?? {}),
      end: step?.end ?? null,
    };
  });
  const { id, target, mode, state: wanted, wish } = job;
  return {
    ...{ job: id, target, mode, wanted, by: wish.by, reason: wish.reason },
    state: stateOf(partitions),
    planned: partitions.reduce((sum, { planned }) => sum + planned, 0),
    sent: partitions.reduce((sum, { sent }) => sum + sent, 0),
    skipped: sumOf(parts.map(({ step }) => step?.counts.skipped ?? {})),
    failed: sumOf(parts.map(({ step }) => step?.counts.failed ?? {})),
    partitions,
  };
}

/** The table of replays. */
export const REPLAY_COLUMNS: readonly Column<ReplayItem>[] = [
  { name: "job", cell: ({ job }) => job },
  { name: "target", cell: ({ target }) => target },
  { name: "mode", cell: ({ mode }) => mode },
  { name: "wanted", cell: ({ wanted }) => wanted },
  { name: "state", cell: ({ state }) => state },
  { name: "planned", cell: ({ planned }) => String(planned), align: "right" },
  { name: "sent", cell: ({ sent }) => String(sent), align: "right" },
  { name: "skipped", cell: ({ skipped }) => String(totalOf(skipped)), align: "right" },
  { name: "failed", cell: ({ failed }) => String(totalOf(failed)), align: "right" },
  { name: "reason", cell: ({ reason }) => reason },
];

function stateOf(partitions: readonly ReplayPartitionItem[]): ReplayItem["state"] {
  if (partitions.some(({ end }) => end === null)) return "open";
  return partitions.every(({ end }) => end === "done") ? "done" : "ended";
}

type Counts = Readonly<Record<string, number | undefined>>;

/** The sum of counts. */
export function totalOf(counts: Counts): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function sumOf(all: readonly Counts[]): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  }
  return sum;
}
