/**
 * How far replays came, as a new owner finds it. An entry counts if its writer owned the partition when it was written,
 * judged like markers by the claims; of several of a job the furthest one holds, since each tells of one moment and
 * events only add up. The others are void (tombstones, acknowledged), before the claims that they are judged by are
 * forgotten.
 */
import type { JobId, TargetId } from "../../core/lanes/identity.ts";
import type { ReplayCounts, ReplayStep } from "../../core/replay/replay.ts";
import { partitionName } from "../../core/state.ts";
import type { StateLog } from "../../ports.ts";
import { isFenced, type Claimed } from "../aside/markers.ts";
import { readReplay, type KnownStep } from "./replay-entry.ts";

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
    const furthest = new Map<JobId, { readonly key: string; readonly known: KnownStep }>();
    for (const [key, { offset, value }] of stateLog.list(`replay/${place}`)) {
      const read = readReplay(key, value);
      const before = read === null ? undefined : furthest.get(read.job);
      const isValid = read !== null && !isFenced(read.epoch, offset, fence);
      if (!isValid || (before !== undefined && !isFurther(read.known.step, before.known.step))) {
        isVoid.push(key);
        continue;
      }
      if (before !== undefined) isVoid.push(before.key);
      furthest.set(read.job, { key, known: read.known });
    }
    const here = Array.from(furthest, ([job, { known }]) => [job, known] as const);
    steps.set(partitionName(topic, partition), new Map(here));
  }
  if (isVoid.length > 0) await stateLog.append(isVoid.map((key) => ({ key, value: null })));
  return steps;
}

/** Events that a step tells the end of. */
export function endedCount({ sent, skipped, failed }: ReplayCounts): number {
  let count = sent;
  for (const some of [skipped, failed]) for (const one of Object.values(some)) count += one;
  return count;
}

function isFurther(one: ReplayStep, other: ReplayStep): boolean {
  if (one.end !== null || other.end !== null) return other.end === null;
  return endedCount(one.counts) > endedCount(other.counts);
}
