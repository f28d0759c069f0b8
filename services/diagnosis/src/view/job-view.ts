import type {
  JobId,
  ReplayCounts,
  ReplayEnd,
  ReplayMode,
  ReplayStatus,
  ReplayStep,
  ReplayWish,
} from "@millrace/engine";

/** Jobs of a target that are told of, those that go on first. */
export const JOBS_MAX = 50;

/** A replay, as far as this process has to do with it. */
export interface JobView {
  readonly job: string;
  readonly mode: ReplayMode;
  /** What people want of it. */
  readonly wanted: ReplayWish;
  /** Its ranges, one for each partition. */
  readonly parts: readonly JobPartView[];
}

/** A range of a partition that a job sends once more. */
export interface JobPartView {
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  /** One above the last offset. */
  readonly to: string;
  /** `elsewhere`: another process has the partition, or none. */
  readonly stage: ReplayStatus["stage"];
  /** How far it came; null where it has not begun, or is elsewhere. */
  readonly progress: JobProgressView | null;
}

/** How far a range has been sent. */
export interface JobProgressView {
  /** Everything of the range below has ended. */
  readonly next: string;
  /** Events that have ended, each once. */
  readonly sent: number;
  readonly skipped: ReplayCounts["skipped"];
  readonly failed: ReplayCounts["failed"];
  /** Null while it goes on. */
  readonly end: ReplayEnd | null;
}

/** Takes a picture of the jobs of a target, at most {@link JOBS_MAX}, and counts them. */
export function viewJobs(statuses: readonly ReplayStatus[]): {
  readonly jobs: readonly JobView[];
  readonly jobCount: number;
} {
  const byJob = new Map<JobId, [ReplayStatus, ...ReplayStatus[]]>();
  for (const status of statuses) {
    const known = byJob.get(status.plan.job);
    if (known === undefined) byJob.set(status.plan.job, [status]);
    else known.push(status);
  }
  const all = [...byJob.values()].sort(
    (one, other) => Number(hasEnded(one)) - Number(hasEnded(other)),
  );
  return { jobs: all.slice(0, JOBS_MAX).map(viewJob), jobCount: all.length };
}

function hasEnded(parts: readonly ReplayStatus[]): boolean {
  return parts.every(({ stage }) => stage === "ended");
}

function viewJob(parts: readonly [ReplayStatus, ...ReplayStatus[]]): JobView {
  const [{ plan, wish }] = parts;
  return { job: plan.job, mode: plan.mode, wanted: wish, parts: parts.map(viewPart) };
}

function viewPart({ plan, stage, step }: ReplayStatus): JobPartView {
  const { topic, partition, from, to } = plan;
  return {
    ...{ topic, partition, from: String(from), to: String(to), stage },
    // What was known of it when it was here says nothing of now.
    progress: step === null || stage === "elsewhere" ? null : viewProgress(step),
  };
}

function viewProgress({ next, counts, end }: ReplayStep): JobProgressView {
  const { sent, skipped, failed } = counts;
  return { next: String(next), sent, skipped, failed, end };
}
