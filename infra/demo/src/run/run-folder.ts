import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findHome } from "@millrace/local";

/** Recorded runs that are kept, the newest. */
const KEPT_MAX = 3;

/** One run's name and folder. */
export interface RunFolder {
  /** Sorts by time; also the namespace of its topics. */
  readonly run: string;
  readonly folder: string;
  /** Runs that were forgotten to make room. */
  readonly forgotten: readonly string[];
}

/** Makes the folder of a new run and forgets the oldest ones. */
export function makeRunFolder(now: Date): RunFolder {
  const home = join(findHome(), "demo");
  const run = runName(now);
  const folder = join(home, run);
  mkdirSync(folder, { recursive: true });
  const forgotten = outdated(readdirSync(home));
  for (const name of forgotten) rmSync(join(home, name), { recursive: true, force: true });
  return { run, folder, forgotten };
}

/** `demo-20260131-094503-120`: unique per millisecond, a valid topic prefix. */
export function runName(now: Date): string {
  const [date, time] = now.toISOString().replaceAll(/[-:Z]/gu, "").split("T");
  return `demo-${String(date)}-${String(time).replace(".", "-")}`;
}

/** The runs to forget, of these folder names. */
export function outdated(names: readonly string[]): string[] {
  return names
    .filter((name) => /^demo-\d{8}-\d{6}-\d{3}$/u.test(name))
    .sort()
    .slice(0, -KEPT_MAX);
}
