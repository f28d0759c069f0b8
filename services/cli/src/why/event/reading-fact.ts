import type { ReadingFact } from "@millrace/diagnosis";
import type { DoneRun } from "@millrace/engine";
import { partitionLag, type PartitionFacts } from "../../groups/partition-lag.ts";

/** How far a target has come, from what is committed and from the log alone, as an event of the partition sees it. */
export function readingFact(facts: PartitionFacts, offset: number): ReadingFact {
  const { committed, begunAt, logStartOffset } = facts;
  const begin = begunAt ?? 0;
  const { state, doneRuns } = partitionLag(facts);
  if (committed === null) {
    const uncommitted = state === "offsets-gone" ? "open" : "not-started";
    return {
      state: offset < begin ? "before-start" : uncommitted,
      ...{ committed: null, waitingBefore: 0 },
    };
  }
  const found = { offset, begin, committed: committed.offset, logStartOffset, doneRuns };
  const undone = offset - committed.offset - countBelow(doneRuns, offset);
  return {
    state: stateOf(found),
    committed: committed.offset,
    waitingBefore: Math.max(0, undone),
  };
}

function stateOf(of: {
  readonly offset: number;
  readonly begin: number;
  readonly committed: number;
  readonly logStartOffset: number;
  readonly doneRuns: readonly DoneRun[];
}): ReadingFact["state"] {
  const { offset, begin, committed, logStartOffset, doneRuns } = of;
  const isBelow = offset < committed;
  if (isBelow && offset < begin) return "before-start";
  const isDone = doneRuns.some(({ from, to }) => from <= offset && offset < to);
  if (isBelow || isDone) return "settled";
  return offset < logStartOffset ? "gone" : "open";
}

function countBelow(runs: readonly DoneRun[], end: number): number {
  return runs.reduce((count, { from, to }) => count + Math.max(0, Math.min(to, end) - from), 0);
}
