/** A replay accounted for, to the event: what was planned is what was sent, skipped and failed. */
import type { IndexedEntry } from "@millrace/journal";
import { groupDigits } from "../output/progress.ts";
import type { Column } from "../output/table.ts";
import type { JobEntries, JournalCount } from "./job-entries.ts";
import { keyName, keyOfName } from "./range-count.ts";
import { totalOf, type ReplayItem, type ReplayPartitionItem } from "./replay-item.ts";

/** One partition's part. */
export interface ReportItem extends ReplayPartitionItem {
  /** Not begun, or dropped, when the part ended; 0 where it was done. */
  readonly left: number;
  /** Planned less all of the others: 0 where the part adds up. */
  readonly difference: number;
  /** The journal's own count; null where it could not be asked. */
  readonly journal: JournalCount | null;
}

/** An event that failed. Offsets are text. */
export interface FailedEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** UTF-8, else hex; null where there is none; `***` where it is personal data, unless asked for. */
  readonly key: string | null;
  readonly id: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly attempts: number;
}

/** A report. */
export interface ReplayReport extends Omit<ReplayItem, "partitions"> {
  readonly left: number;
  /** Whether every partition adds up. */
  readonly isReconciled: boolean;
  /** Some of the events that failed, as the journal has them; null where it could not be asked. */
  readonly failures: readonly FailedEvent[] | null;
  readonly items: readonly ReportItem[];
}

/** Reconciles a job. */
export function replayReport(
  { partitions, ...job }: ReplayItem,
  journal: JobEntries | null,
  keyText: (topic: string, key: string) => string,
): ReplayReport {
  const items = partitions.map((part) => reportItem(part, journal));
  return {
    ...job,
    left: items.reduce((sum, { left }) => sum + left, 0),
    isReconciled: items.every(({ difference }) => difference === 0),
    failures: journal?.failures.map((entry) => failedEvent(entry, keyText)) ?? null,
    items,
  };
}

/** Whether all of it was sent or skipped, and that is told of every event. */
export function isWhole({ state, failed, isReconciled }: ReplayReport): boolean {
  return state === "done" && Object.keys(failed).length === 0 && isReconciled;
}

/** The table of a report. */
export const REPORT_COLUMNS: readonly Column<ReportItem>[] = [
  { name: "partition", cell: ({ topic, partition }) => `${topic}:${partition}` },
  ...(["from", "to"] as const).map((name): Column<ReportItem> => ({
    name,
    cell: (item) => item[name],
    align: "right",
  })),
  ...(["planned", "sent", "skipped", "failed", "left", "difference"] as const).map(
    (name): Column<ReportItem> => ({ name, cell: (item) => String(item[name]), align: "right" }),
  ),
  { name: "end", cell: ({ end }) => end ?? "goes on" },
];

/** What a report says, a sentence each; the sum first. */
export function reportLines(report: ReplayReport): readonly string[] {
  const { job, planned, sent, skipped, failed, left, items, isReconciled } = report;
  const sum =
    `${job}: planned ${groupDigits(planned)} = sent ${groupDigits(sent)} + skipped ${countsText(skipped)} + ` +
    `failed ${countsText(failed)}${left === 0 ? "" : ` + not sent ${groupDigits(left)}`}`;
  if (isReconciled) return [sum, ...journalLines(report)];
  const odd = items.filter(({ difference }) => difference !== 0);
  const of = odd.map(({ topic, partition, difference }) => `${topic}:${partition}: ${difference}`);
  const why = "the log has lost or compacted records of the range since it was planned";
  return [`${sum}, which does not add up (${of.join(", ")}): ${why}`, ...journalLines(report)];
}

function journalLines({ items, sent, failed }: ReplayReport): readonly string[] {
  const known = items.map(({ journal }) => journal);
  if (known.includes(null)) return [];
  const count = (of: (one: JournalCount) => number): number =>
    known.reduce((sum, one) => sum + (one === null ? 0 : of(one)), 0);
  const [knownSent, knownFailed] = [count((one) => one.sent), count((one) => one.failed)];
  if (knownSent === sent && knownFailed === totalOf(failed)) return ["the journal says the same"];
  const parts = `${groupDigits(knownSent)} sent and ${groupDigits(knownFailed)} failed events`;
  return [`the journal knows of ${parts}: it may be behind, or have lost some`];
}

function reportItem(part: ReplayPartitionItem, journal: JobEntries | null): ReportItem {
  const { planned, sent, skipped, failed, end } = part;
  const rest = planned - sent - skipped - failed;
  const left = end === "done" ? 0 : Math.max(0, rest);
  const place = `${part.topic}/${part.partition}`;
  const known = journal === null ? null : (journal.counts.get(place) ?? { sent: 0, failed: 0 });
  return { ...part, left, difference: rest - left, journal: known };
}

function failedEvent(
  { topic, partition, offset, key, id, reason, detail, attemptCount }: IndexedEntry,
  keyText: (topic: string, key: string) => string,
): FailedEvent {
  return {
    ...{ topic, partition, offset: String(offset), id, reason, detail, attempts: attemptCount },
    key: key === null ? null : keyText(topic, keyOfName(keyName(key))),
  };
}

/** `12`, or `12 (FILTERED 10, KEY_FAILED 2)`. */
function countsText(counts: Readonly<Record<string, number>>): string {
  const total = groupDigits(totalOf(counts));
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${groupDigits(count)}`);
  return parts.length === 0 ? total : `${total} (${parts.join(", ")})`;
}
