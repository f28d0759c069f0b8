import type { RewindMove } from "@millrace/control";
import type { Offset } from "@millrace/engine";
import type { GroupOffset } from "@millrace/kafka";

/** What a group has committed of a topic. */
export type OffsetsOf = (topic: string) => Promise<readonly GroupOffset[]>;

/**
 * Where a group is in the partitions of these moves; null: nowhere, or they are not there.
 * @throws MillraceError of the brokers.
 */
export async function committedOf(
  moves: readonly RewindMove[],
  offsetsOf: OffsetsOf,
): Promise<(move: RewindMove) => Offset | null> {
  const found = new Map<string, Offset>();
  for (const topic of new Set(moves.map((move) => move.topic))) {
    for (const { partition, committed } of await offsetsOf(topic)) {
      if (committed !== null) found.set(`${topic}/${partition}`, committed.offset);
    }
  }
  return ({ topic, partition }) => found.get(`${topic}/${partition}`) ?? null;
}
