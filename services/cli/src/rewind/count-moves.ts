/** Reads what lies between where a group is and where it is to be, and counts what becomes of it. */
import { isInRuns } from "@millrace/control";
import {
  asOffset,
  asRecordKey,
  laneNameOf,
  type EngineConfig,
  type SetAsideKey,
  type SourceRecord,
} from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";
import type { Progress } from "../output/progress.ts";
import { directionOf, type FoundMove, type PlannedMove } from "./planned-move.ts";

/** What is counted with. */
export interface MoveCounting {
  readonly order: EngineConfig["order"];
  /** Keys of the target that are set aside. */
  readonly setAside: readonly SetAsideKey[];
  readonly progress: Pick<Progress, "show">;
}

/**
 * Counts. Memory does not grow with the log.
 * @throws MillraceError of the log, `OFFSETS_GONE` where retention overtakes the reading.
 */
export async function countMoves(
  reader: Pick<LogReader, "read">,
  moves: readonly FoundMove[],
  { order, setAside, progress }: MoveCounting,
): Promise<readonly PlannedMove[]> {
  const counts = new Map(
    moves.map((move) => [placeOf(move), new MoveCount(move, { order, setAside })] as const),
  );
  const ranges = moves.map(rangeOf).filter(({ from, to }) => from < to);
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  for await (const batch of reader.read(ranges)) {
    const count = counts.get(placeOf(batch));
    for (const record of batch.records) count?.note(record);
    readCount += batch.records.length;
    progress.show(readCount, readCount / total);
  }
  return Array.from(counts.values(), ({ planned }) => planned);
}

/** What has to be read: from one to the other, and what is done above. */
function rangeOf(move: FoundMove): Required<ReadRange> {
  const { topic, partition, committed, to, logStartOffset, logEndOffset, doneRuns } = move;
  if (committed === null) return { topic, partition, from: to, to };
  const doneTo = Math.max(committed, doneRuns.at(-1)?.to ?? 0);
  const [from, end] = directionOf(move) === "back" ? [to, doneTo] : [committed, to];
  return {
    ...{ topic, partition, from: asOffset(Math.max(from, logStartOffset)) },
    to: asOffset(Math.min(end, logEndOffset)),
  };
}

class MoveCount {
  readonly #move: FoundMove;
  readonly #order: EngineConfig["order"];
  /** Lanes that wait behind a dead letter. */
  readonly #waiting: ReadonlySet<string>;
  #again = 0;
  #lost = 0;
  #held = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  constructor(move: FoundMove, { order, setAside }: Pick<MoveCounting, "order" | "setAside">) {
    this.#move = move;
    this.#order = order;
    const here = setAside.filter((one) => placeOf(one) === placeOf(move));
    const waiting = here.filter(({ kind }) => kind !== "deferred");
    this.#waiting = new Set(waiting.map(({ key }) => key));
  }

  note({ key, offset, timestampMs }: SourceRecord): void {
    const { committed } = this.#move;
    const isSettled = offset < (committed ?? 0) || isInRuns(this.#move.doneRuns, offset);
    if (directionOf(this.#move) === "forward") {
      if (isSettled) return;
      this.#lost += 1;
    } else {
      if (!isSettled) return;
      if (this.#isWaiting(key)) {
        this.#held += 1;
        return;
      }
      this.#again += 1;
    }
    this.#firstMs = Math.min(this.#firstMs, timestampMs);
    this.#lastMs = Math.max(this.#lastMs, timestampMs);
  }

  get planned(): PlannedMove {
    const { topic, partition, committed, to } = this.#move;
    const time = (ms: number): string | null =>
      Number.isFinite(ms) ? new Date(ms).toISOString() : null;
    return {
      ...{ topic, partition, committed: committed === null ? null : String(committed) },
      ...{ to: String(to), direction: directionOf(this.#move) },
      ...{ again: this.#again, lost: this.#lost, held: this.#held },
      ...{ first: time(this.#firstMs), last: time(this.#lastMs) },
    };
  }

  #isWaiting(key: SourceRecord["key"]): boolean {
    if (this.#waiting.size === 0) return false;
    const recordKey = key === null ? null : asRecordKey(Buffer.from(key).toString("latin1"));
    const lane = laneNameOf(this.#order, recordKey);
    return lane !== null && this.#waiting.has(lane);
  }
}

function placeOf({ topic, partition }: Pick<ReadRange, "partition" | "topic">): string {
  return `${topic}/${partition}`;
}
