/**
 * Before a detour reads what it drops, a commit has to cover that: else whoever takes the partition over behind the end of
 * the key's marker would find it in the log and send it. All of the key below the frontier is settled, so a commit that is
 * sent after that is enough.
 */
import type { PartitionState } from "../lanes/partition.ts";
import type { Offset } from "../lanes/identity.ts";
import type { EngineState } from "../state.ts";

/** What of a key is covered, and by which commit. */
export interface DropCover {
  /** All of the key below. */
  readonly below: Offset;
  /** The commit that covers it, or any later one of the partition; null: it is covered. */
  by: number | null;
}

/** What covers all that a partition has settled by now. */
export function coverOf<P>(
  { dirty, committing, commitCount }: EngineState<P>,
  { partition, below }: { readonly partition: PartitionState<P>; readonly below: Offset },
): DropCover {
  if (dirty.has(partition))
    return { below, by: isAcknowledged(partition) ? null : commitCount + 1 };
  const isOpen = committing?.partitions.includes(partition) === true;
  return { below, by: isOpen ? committing.id : null };
}

/** Whether an acknowledged commit covers it. */
export function isCoveredBy<P>(
  { by }: DropCover,
  { id, partition }: { readonly id: number; readonly partition: PartitionState<P> },
): boolean {
  // What was settled again without a change is not committed again.
  return by === null || by <= id || isAcknowledged(partition);
}

/** Whether all that is settled is committed. */
function isAcknowledged<P>({ tracker, acknowledged }: PartitionState<P>): boolean {
  const { offset, metadata } = acknowledged;
  return offset === tracker.committable && metadata === tracker.metadata();
}
