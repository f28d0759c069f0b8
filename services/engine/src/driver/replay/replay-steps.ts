/**
 * How far replays came, as a new owner finds it. An entry counts if its writer owned the partition when it was written,
 * judged like markers by the claims; of several of a job the one that was written last holds: whoever wrote it may delete
 * those before it (trail.ts). Which that is, epoch and key tell; entries may reach the log late. The others are void
 * (tombstones, acknowledged), before the claims that they are judged by are forgotten.
 */
import type { JobId, Offset, TargetId } from "../../core/lanes/identity.ts";
import { partitionName } from "../../core/state.ts";
import type { StateEntry, StateLog } from "../../ports.ts";
import { isFenced, type Claimed } from "../aside/markers.ts";
import { writeOf } from "../aside/state-keys.ts";
import { readReplay, type KnownStep, type ReadReplay } from "./replay-entry.ts";

/** A step, and the key that it stands under. */
export interface Found extends ReadReplay {
  readonly key: string;
}

/** Steps by job. */
export type ReplaySteps = ReadonlyMap<JobId, KnownStep>;

/**
 * Gives how far each job came in the claimed partitions, by partition name.
 * @throws MillraceError of the state log; may be repeated.
 */
export async function judgeReplays(
  claimed: readonly Claimed[],
  { target, stateLog }: { readonly target: TargetId; readonly stateLog: StateLog },
): Promise<ReadonlyMap<string, ReplaySteps>> {
  const steps = new Map<string, ReplaySteps>();
  const isVoid: string[] = [];
  for (const { topic, partition } of claimed) {
    const place = `${target}/${topic}/${partition}/`;
    const fence = stateLog.list(`claim/${place}`).map(([, { offset }]) => offset);
    const entries = stateLog.list(`replay/${place}`);
    const latest = latestOfEachJob(entries, fence);
    const holding = new Set(Array.from(latest.values(), ({ key }) => key));
    for (const [key] of entries) if (!holding.has(key)) isVoid.push(key);
    const here = Array.from(latest, ([job, { known }]) => [job, known] as const);
    steps.set(partitionName(topic, partition), new Map(here));
  }
  if (isVoid.length > 0) await stateLog.append(isVoid.map((key) => ({ key, value: null })));
  return steps;
}

/** The last valid step of each job in a partition, as its claims (`fence`) judge them. */
export function latestOfEachJob(
  entries: readonly (readonly [key: string, entry: StateEntry])[],
  fence: readonly Offset[],
): ReadonlyMap<JobId, Found> {
  const latest = new Map<JobId, Found>();
  for (const [key, { offset, value }] of entries) {
    const read = readReplay(key, value);
    if (read === null || isFenced(read.epoch, offset, fence)) continue;
    const found = { key, ...read };
    const before = latest.get(read.job);
    if (before === undefined || isLater(found, before)) latest.set(read.job, found);
  }
  return latest;
}

function isLater(one: Found, other: Found): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch;
  return writeOf(one.key) > writeOf(other.key);
}
