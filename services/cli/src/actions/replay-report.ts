import { isKeyPersonal } from "@millrace/schemas";
import { reasonOf } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { isExpected } from "../failure.ts";
import { withJournal, type JournalAccess } from "../journal/with-journal.ts";
import { API_VERSION } from "../output/document.ts";
import { printWhole } from "../output/print-whole.ts";
import { safeText } from "../output/safe-text.ts";
import { tableText } from "../output/table.ts";
import { entriesOf, type JobEntries } from "../replay/job-entries.ts";
import { withReplays } from "../replay/replay-desk.ts";
import {
  isWhole,
  REPORT_COLUMNS,
  replayReport,
  reportLines,
  type FailedEvent,
  type ReplayReport,
} from "../replay/replay-report.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { MASK, type Privacy } from "../tail/event-view.ts";

/** Failed events that a person is shown. */
const SHOWN_MAX = 20;

/**
 * Accounts for a replay. Exit code 3 where it has not ended, not all of it was sent or skipped, or it does not add up.
 */
export async function replayReportOf(
  context: CommandContext,
  { job, privacy }: { readonly job: string; readonly privacy: Privacy },
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const item = await withReplays(settings, (desk) => desk.item(job));
  const journal = await askJournal({ settings, context }, job);
  const report = replayReport(item, journal, (topic, key) =>
    privacy === "masked" && isKeyPersonal(settings.catalog, topic) ? MASK : key,
  );
  const document = { apiVersion: API_VERSION, kind: "ReplayReport", ...report } as const;
  await printWhole(context, document, () => textOf(report));
  return isWhole(report) ? EXIT.ok : EXIT.partial;
}

async function askJournal(access: JournalAccess, job: string): Promise<JobEntries | null> {
  try {
    return await withJournal(access, (index) => entriesOf(index, job));
  } catch (error) {
    if (!isExpected(error)) throw error;
    access.context.terminal.complain(`the journal cannot be asked: ${reasonOf(error)}`);
    return null;
  }
}

async function textOf(report: ReplayReport): Promise<string> {
  const failures = report.failures?.slice(0, SHOWN_MAX).map(failureText) ?? [];
  const lines = [...reportLines(report), ...failures].map((line) => `${safeText(line)}\n`);
  return [await tableText(report.items, REPORT_COLUMNS), ...lines].join("");
}

function failureText({
  topic,
  partition,
  offset,
  key,
  reason,
  detail,
  attempts,
}: FailedEvent): string {
  const why = [reason ?? "failed", detail].filter((part) => part !== null).join(", ");
  return `failed: ${topic}:${partition}:${offset}, key ${key ?? "-"}: ${why}, after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
}
