/** A rewind that stands: somebody began it, and it has not come to its end. */
import { rewindText, type Rewind, type RewindMove } from "@millrace/control";
import type { Offset } from "@millrace/engine";
import type { GroupOffset } from "@millrace/kafka";
import { partitionLag } from "../groups/partition-lag.ts";
import { safeText } from "../output/safe-text.ts";
import type { OffsetsOf } from "./committed-offsets.ts";
import type { FoundMove } from "./planned-move.ts";
import { isSetBy } from "./take-back.ts";

/** Its moves, with what the log has of them now. */
export async function standingMoves(
  { moves }: Pick<Rewind, "moves">,
  offsetsOf: OffsetsOf,
): Promise<readonly FoundMove[]> {
  const groups = new Map<string, GroupOffset>();
  for (const topic of new Set(moves.map((move) => move.topic))) {
    for (const one of await offsetsOf(topic)) groups.set(nameOf(one), one);
  }
  return moves.map((move): FoundMove => {
    const group = groups.get(nameOf(move));
    if (group === undefined) return { ...move, ...NO_LOG };
    const { logStartOffset, logEndOffset } = group;
    // Once it is set, what was done above the offset before is forgotten.
    const isWhereItWas = group.committed?.offset === move.committed;
    const doneRuns = isWhereItWas ? partitionLag({ ...group, begunAt: null }).doneRuns : [];
    return { ...move, logStartOffset, logEndOffset, doneRuns };
  });
}

const NO_LOG = { logStartOffset: 0, logEndOffset: 0, doneRuns: [] } as const;

/** What to tell whoever wants something of a target that is out of its group; null: it is not. */
export function standingText(rewind: Rewind | null): string | null {
  if (rewind === null) return null;
  return `${rewind.target} is ${safeText(rewindText(rewind))}; what is wanted of it is done once its processes have joined again`;
}

/**
 * Whether what is asked for is what stands: all of it, but where it is set already and so nothing is asked for.
 * @param committed where the group is.
 */
export function isSameAim(
  asked: readonly RewindMove[],
  standing: readonly RewindMove[],
  committed: (move: RewindMove) => Offset | null,
): boolean {
  const aims = new Map(standing.map((move) => [nameOf(move), move.to]));
  const named = new Set(asked.map(nameOf));
  const rest = standing.filter((move) => !named.has(nameOf(move)));
  return (
    asked.every((move) => aims.get(nameOf(move)) === move.to) &&
    rest.every((move) => isSetBy(move, committed(move)))
  );
}

function nameOf({ topic, partition }: Pick<RewindMove, "partition" | "topic">): string {
  return `${topic}/${partition}`;
}
