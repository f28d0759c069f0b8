/** The files of a run's folder that a verdict reads; the runner writes them under the same names. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ArrivalLogLine } from "../api/arrival-log.ts";
import { parseLines, type AcknowledgedEvent, type TopicScan } from "./records.ts";
import type { RunDescription } from "./verdict.ts";

/** Names of the files in a run's folder. */
export const RUN_FILES = {
  run: "run.json",
  acknowledged: "acknowledged.ndjson",
  scan: "topics.json",
} as const;

/** @throws Error when the folder holds no run. */
export function readRun(folder: string): RunDescription {
  if (!existsSync(join(folder, RUN_FILES.run)))
    throw new Error(`no recorded run in ${folder}: ${RUN_FILES.run} is not there`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by the runner of this workspace
  const run = JSON.parse(readFileSync(join(folder, RUN_FILES.run), "utf8")) as RunDescription;
  // A run that was recorded before there was anybody on call says nothing of it.
  return { ...run, onCall: Object.hasOwn(run, "onCall") ? run.onCall : null };
}

/** Writes what the run was. */
export function writeRun(folder: string, run: RunDescription): void {
  writeFileSync(join(folder, RUN_FILES.run), `${JSON.stringify(run, null, 2)}\n`);
}

/** Everything that was acknowledged, in the order of emission. */
export function readAcknowledged(folder: string): AcknowledgedEvent[] {
  return parseLines<AcknowledgedEvent>(readFileSync(join(folder, RUN_FILES.acknowledged), "utf8"));
}

/** The lines of an API's log. */
export function readArrivalLog(path: string): ArrivalLogLine[] {
  return parseLines<ArrivalLogLine>(readFileSync(path, "utf8"));
}

/** The scan an earlier verdict kept, or null. */
export function readScan(folder: string): TopicScan | null {
  const path = join(folder, RUN_FILES.scan);
  if (!existsSync(path)) return null;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by `writeScan`
  return JSON.parse(readFileSync(path, "utf8")) as TopicScan;
}

/** Keeps a scan, so that the run can be judged again when its topics are gone. */
export function writeScan(folder: string, scan: TopicScan): void {
  writeFileSync(join(folder, RUN_FILES.scan), JSON.stringify(scan));
}
