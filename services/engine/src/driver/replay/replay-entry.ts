/** How far a replay has come, as it stands in the state topic. Version 1; unknown versions are refused, not guessed. */
import {
  asEpoch,
  asJob,
  asOffset,
  type Epoch,
  type JobId,
  type TargetId,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { ReplayEnd, ReplayPlan, ReplayStep } from "../../core/replay/replay.ts";
import { isOffset, isRecord, isVersionOne } from "../aside/state-keys.ts";

/** What tells the entries of a partition's replays apart. */
export interface ReplayEntryName {
  readonly epoch: Epoch;
  readonly job: JobId;
  readonly write: number;
}

/**
 * `replay/<target>/<topic>/<partition>/<epoch>/<job>/<write>`: how far a job has come in a partition, and at last how it
 * ended. Like markers, entries never replace one another: a late one would set the job back.
 */
export const replayKey = (
  target: TargetId,
  { topic, partition }: TopicPartition,
  { epoch, job, write }: ReplayEntryName,
): string => `replay/${target}/${topic}/${partition}/${epoch}/${job}/${write}`;

/** How far a job has come in a partition. */
export interface ReplayValue extends Omit<ReplayStep, "next"> {
  readonly v: 1;
  readonly mode: ReplayPlan["mode"];
  readonly from: number;
  readonly to: number;
  readonly next: number;
}

/** How far a job has come, and in which range. */
export interface KnownStep {
  readonly from: number;
  readonly to: number;
  readonly step: ReplayStep;
}

/** An entry as it stands in the state topic. */
export interface ReadReplay {
  readonly job: JobId;
  readonly epoch: Epoch;
  readonly known: KnownStep;
}

const ENDS: ReadonlySet<unknown> = new Set<ReplayEnd>([
  "done",
  "cancelled",
  "range-gone",
  "too-many-keys-failed",
]);

/** The value of an entry. Names of lanes are base64url of the key's bytes. */
export function replayValue({ mode, from, to }: ReplayPlan, step: ReplayStep): ReplayValue {
  const failedLanes = step.failedLanes.map((lane) =>
    Buffer.from(lane, "latin1").toString("base64url"),
  );
  return { v: 1, mode, from, to, ...step, failedLanes };
}

/** Reads an entry; null for anything else. */
export function readReplay(key: string, value: unknown): ReadReplay | null {
  const [, , , , epoch, job] = key.split("/");
  if (job === undefined || !Number.isSafeInteger(Number(epoch)) || !isVersionOne(value))
    return null;
  const { from, to, next, done, counts, failedLanes, end } = value;
  if (
    !isOffset(from) ||
    !isOffset(to) ||
    !isOffset(next) ||
    typeof done !== "string" ||
    !Array.isArray(failedLanes)
  )
    return null;
  if (!isRecord(counts) || !isOffset(counts["sent"]) || !isEnd(end)) return null;
  const step: ReplayStep = {
    next: asOffset(next),
    done,
    counts: {
      sent: counts["sent"],
      skipped: numbersOf(counts["skipped"]),
      failed: numbersOf(counts["failed"]),
    },
    failedLanes: failedLanes.map((lane) =>
      Buffer.from(String(lane), "base64url").toString("latin1"),
    ),
    end,
  };
  return { job: asJob(job), epoch: asEpoch(Number(epoch)), known: { from, to, step } };
}

function isEnd(end: unknown): end is ReplayEnd | null {
  return end === null || ENDS.has(end);
}

function numbersOf(value: unknown): Readonly<Record<string, number>> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, number] =>
    isOffset(entry[1]),
  );
  return Object.fromEntries(entries);
}
