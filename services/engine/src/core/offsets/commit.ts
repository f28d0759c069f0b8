import { writeRetryMs } from "../lanes/backoff.ts";
import type { StepContext } from "../context.ts";
import type { PartitionCommit } from "../effect.ts";
import type { PartitionState } from "../lanes/partition.ts";
import type { EngineState, SentCommit } from "../state.ts";

/** Notes that a partition has something to commit. */
export function markDirty<P>({ state }: StepContext<P>, partition: PartitionState<P>): void {
  state.dirty.add(partition);
}

/** Whether anything waits for a commit that can still be made. */
export function mayCommit<P>({ dirty, isGenerationOver }: EngineState<P>): boolean {
  return dirty.size > 0 && !isGenerationOver;
}

/** I5: sends the next commit when the last is answered, something changed, and the interval is over. */
export function sendCommit<P>({ state, effects, now }: StepContext<P>): void {
  if (state.committing !== null || !mayCommit(state)) return;
  const isDue = now >= state.commitNotBefore;
  const isHurried = state.membership === "draining" && state.commitFailureCount === 0;
  if (!isDue && !isHurried) return;
  const commits: PartitionCommit[] = [];
  const partitions: PartitionState<P>[] = [];
  for (const partition of state.dirty) {
    const offset = partition.tracker.committable;
    const metadata = partition.tracker.metadata();
    if (offset === partition.sent.offset && metadata === partition.sent.metadata) continue;
    partition.sent = { offset, metadata };
    partitions.push(partition);
    commits.push({ topic: partition.topic, partition: partition.partition, offset, metadata });
  }
  state.dirty.clear();
  if (commits.length === 0) return;
  state.commitCount += 1;
  const id = state.commitCount;
  state.committing = { id, generation: state.generation, partitions };
  state.commitNotBefore = now + state.config.commitIntervalMs;
  effects.push({ kind: "commit", id, generation: state.generation, commits });
}

/** The broker has the commit. @returns it; null where it is not the one in flight. */
export function acknowledgeCommit<P>({ state }: StepContext<P>, id: number): SentCommit<P> | null {
  const { committing } = state;
  if (committing?.id !== id) return null;
  for (const partition of committing.partitions) partition.acknowledged = partition.sent;
  state.committing = null;
  state.commitFailureCount = 0;
  return committing;
}

/** The broker may or may not have the commit: what it covered is sent again, by the next generation if fenced. */
export function failCommit<P>({ state, now }: StepContext<P>, id: number, isFenced: boolean): void {
  if (state.committing?.id !== id) return;
  const { generation, partitions } = state.committing;
  for (const partition of partitions) {
    partition.sent = partition.acknowledged;
    if (partition.isOwned) state.dirty.add(partition);
  }
  state.committing = null;
  // The answer to a commit of an earlier generation may come late; it says nothing about this one.
  if (isFenced && generation === state.generation) state.isGenerationOver = true;
  state.commitFailureCount += 1;
  state.commitNotBefore =
    now + writeRetryMs(state.config.commitIntervalMs, state.commitFailureCount);
}
