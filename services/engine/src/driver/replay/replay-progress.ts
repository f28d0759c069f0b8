/** How far replays have come, for whoever only looks: steps judged by the claims as a new owner would (replay-steps.ts). */
import type { JobId, TargetId, TopicPartition } from "../../core/lanes/identity.ts";
import type { StateLog } from "../../ports.ts";
import { entriesByPlace } from "../aside/markers.ts";
import { partitionOf } from "../aside/state-keys.ts";
import type { KnownStep } from "./replay-entry.ts";
import { latestOfEachJob } from "./replay-steps.ts";

/** A job in one partition, as its owner wrote it last. */
export interface ReplayProgress extends TopicPartition, KnownStep {
  readonly job: JobId;
}

/** Lists what is known of a target's jobs, in no order. The log must have been read. */
export function listReplays(
  stateLog: Pick<StateLog, "list">,
  target: TargetId,
): readonly ReplayProgress[] {
  const claims = entriesByPlace(stateLog.list(`claim/${target}/`));
  const steps = entriesByPlace(stateLog.list(`replay/${target}/`));
  return Array.from(steps).flatMap(([name, entries]) => {
    const fence = (claims.get(name) ?? []).map(([, { offset }]) => offset);
    const place = partitionOf(name);
    return Array.from(latestOfEachJob(entries, fence), ([job, { known }]) => {
      return { ...place, job, ...known };
    });
  });
}
