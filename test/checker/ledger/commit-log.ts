import type { Ledger } from "./ledger.ts";
import type { Channel, Commit } from "./rows.ts";

/** Commits in the order they took effect: as the broker applied them, or as they were acknowledged. */
export function appliedCommits({ parties }: Ledger, channel: Channel): readonly Commit[] {
  if (parties.has("seen")) return channel.seen;
  return channel.commits
    .filter(({ result }) => result === "ok")
    .sort((a, b) => a.endOrder - b.endOrder);
}

/** The last commit that had taken effect before a moment. */
export function lastBefore(applied: readonly Commit[], order: number): Commit | null {
  let low = 0;
  let high = applied.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((applied[middle]?.endOrder ?? 0) < order) low = middle + 1;
    else high = middle;
  }
  return applied[low - 1] ?? null;
}
