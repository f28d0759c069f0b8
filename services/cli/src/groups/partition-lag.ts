/** Where a partition of a target's group stands, judged from what is committed and from the log alone. */
import { decodeDoneSet, type DoneRun, type Offset, type PartitionRange } from "@millrace/engine";

/**
 * - `not-started`: nothing is committed yet; the first owner resolves `startAt`.
 * - `offsets-gone`: nothing is committed any more; the target stands still here.
 * - `retention-passed`: the log begins above the committed offset; it stands still here.
 * - `beyond-end`: the log ends below the committed offset; it stands still here.
 * - `behind`, `up-to-date`: there is something above the committed offset that is not settled, or there is not.
 */
export type PartitionState =
  "not-started" | "offsets-gone" | "retention-passed" | "beyond-end" | "behind" | "up-to-date";

/** What is known of a partition. */
export interface PartitionFacts extends Omit<PartitionRange, "partition"> {
  readonly committed: { readonly offset: Offset; readonly metadata: string } | null;
  /** The first offset that the target is known to have committed; null where it never did. */
  readonly begunAt: number | null;
}

/** What follows from it; counts are of offsets, so that what compaction removed counts too. */
export interface PartitionLag {
  readonly state: PartitionState;
  /** Log end less committed; null where nothing is committed, 0 beyond the end. */
  readonly lag: number | null;
  /** Settled above the committed offset, ascending; empty for metadata that is not ours or does not hold. */
  readonly doneRuns: readonly DoneRun[];
  readonly doneCount: number;
  /** What of the lag is not settled; null where nothing is committed. */
  readonly waitingCount: number | null;
  /** Of that, what is below the log's start: deleted before it was delivered. */
  readonly goneCount: number;
}

/** Judges a partition. */
export function partitionLag(facts: PartitionFacts): PartitionLag {
  const { committed, logStartOffset, logEndOffset, begunAt } = facts;
  if (committed === null) {
    const state = begunAt !== null ? "offsets-gone" : "not-started";
    return { state, lag: null, doneRuns: [], doneCount: 0, waitingCount: null, goneCount: 0 };
  }
  const { offset, metadata } = committed;
  const doneRuns = decodeDoneSet(metadata, offset, logEndOffset);
  const doneCount = countBelow(doneRuns, logEndOffset);
  const lag = Math.max(0, logEndOffset - offset);
  const waitingCount = lag - doneCount;
  const passedCount = Math.max(0, logStartOffset - offset);
  const goneCount = passedCount - countBelow(doneRuns, logStartOffset);
  const state = stateOf({ committed: offset, logStartOffset, logEndOffset, waitingCount });
  return { state, lag, doneRuns, doneCount, waitingCount, goneCount };
}

/** As the owner judges it on taking the partition over. */
function stateOf(of: {
  readonly committed: Offset;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  readonly waitingCount: number;
}): PartitionState {
  if (of.committed < of.logStartOffset) return "retention-passed";
  if (of.committed > of.logEndOffset) return "beyond-end";
  return of.waitingCount > 0 ? "behind" : "up-to-date";
}

function countBelow(runs: readonly DoneRun[], end: number): number {
  return runs.reduce((count, { from, to }) => count + Math.max(0, Math.min(to, end) - from), 0);
}
