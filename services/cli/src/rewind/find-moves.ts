/** Where a group is to go on, partition by partition, as the log and its offsets stand now. */
import type { TargetConfig } from "@millrace/config";
import { asOffset, asTopic } from "@millrace/engine";
import type { GroupOffset, LogReader } from "@millrace/kafka";
import { partitionLag } from "../groups/partition-lag.ts";
import type { Position } from "../position.ts";
import { goneRecords, type GoneRecords } from "../replay/gone-records.ts";
import { readRanges } from "../tail/read-ranges.ts";
import type { TopicChoice } from "../topic-choice.ts";
import type { OffsetsOf } from "./committed-offsets.ts";
import type { FoundMove } from "./planned-move.ts";

/** What is asked for. */
export interface MoveRequest {
  readonly target: Pick<TargetConfig, "topics">;
  /** Topics of the target; none: all of them. */
  readonly topics: readonly TopicChoice[];
  readonly to: Position;
}

/** Moves, and what retention has cut of them. */
export interface FoundMoves {
  /** Partitions where the group is not there already. */
  readonly moves: readonly FoundMove[];
  readonly gone: readonly GoneRecords[];
}

/**
 * Finds them.
 * @param offsetsOf what the group has committed of a topic.
 * @throws CliError for partitions and offsets that are not there.
 */
export async function findMoves(
  reader: LogReader,
  { target, topics, to }: MoveRequest,
  offsetsOf: OffsetsOf,
): Promise<FoundMoves> {
  const chosen =
    topics.length > 0 ? topics : target.topics.map((topic) => ({ topic, partitions: null }));
  const moves: FoundMove[] = [];
  const gone: GoneRecords[] = [];
  for (const { topic, partitions } of chosen) {
    const offsets = await offsetsOf(topic);
    const committed = (): Promise<ReadonlyMap<number, number | null>> =>
      Promise.resolve(
        new Map(offsets.map((one) => [one.partition, one.committed?.offset ?? null])),
      );
    const ranges = await readRanges(reader, {
      ...{ topic, partitions, committed, from: to, to: { kind: "latest" } },
      onGone: (range) => gone.push(goneRecords(range)),
    });
    for (const { partition, from } of ranges) {
      const group = offsets.find((one) => one.partition === partition);
      if (group !== undefined && group.committed?.offset !== from) moves.push(moveOf(group, from));
    }
  }
  const isMoved = ({ topic, partition }: GoneRecords): boolean =>
    moves.some((move) => move.topic === topic && move.partition === partition);
  return { moves, gone: [...gone.filter(isMoved), ...moves.flatMap(undelivered)] };
}

function moveOf(group: GroupOffset, to: number): FoundMove {
  const { topic, partition, committed, logStartOffset, logEndOffset } = group;
  const { doneRuns } = partitionLag({ ...group, begunAt: null });
  return {
    ...{
      topic: asTopic(topic),
      partition,
      to: asOffset(to),
      logStartOffset,
      logEndOffset,
      doneRuns,
    },
    committed: committed?.offset ?? null,
  };
}

/** What retention took before the group had delivered it, where the group is to go on behind. */
function undelivered({
  topic,
  partition,
  committed,
  logStartOffset: to,
}: FoundMove): readonly GoneRecords[] {
  if (committed === null || committed >= to) return [];
  return [goneRecords({ topic, partition, from: committed, to, isExact: true })];
}
