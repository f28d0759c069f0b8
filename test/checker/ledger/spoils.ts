/** When someone else set what a group has committed: its done set, and what that alone tells, is lost. */
import type { Channel } from "./rows.ts";

/** Orders of those moments, ascending. */
export function spoilsOf({ operations }: Channel): readonly number[] {
  const spoils = operations.filter(
    ({ line: { f } }) => f === "rewind" || f === "metadata-corrupted",
  );
  return spoils.map(({ order }) => order);
}
