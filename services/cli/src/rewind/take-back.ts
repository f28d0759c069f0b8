/** Ends a rewind that has not come to its end. What it has set already stays so: above it all may be lost by now. */
import type { ControlBoard, Rewind, RewindMove, Wish } from "@millrace/control";
import type { Offset } from "@millrace/engine";
import { isTopicMissing } from "../topic-choice.ts";
import { committedOf, type OffsetsOf } from "./committed-offsets.ts";
import { directionOf } from "./planned-move.ts";

/** What it is taken back with. */
export interface TakingBack {
  readonly board: ControlBoard;
  readonly offsetsOf: OffsetsOf;
  /** Epoch ms. */
  readonly wallNow: () => number;
}

/**
 * Ends it: as one that is done in what it has set, which an event's story tells of, else as one that never was.
 * @param order by whom and why it ends, and what it wanted.
 * @returns the moves that it has set; may be empty.
 * @throws MillraceError of the brokers: it stands then.
 */
export async function takeBack(
  order: Pick<Rewind, "moves" | "target"> & { readonly wish: Wish },
  { board, offsetsOf, wallNow }: TakingBack,
): Promise<readonly RewindMove[]> {
  const committed = await committedOf(order.moves, orNone(offsetsOf));
  const stayed = order.moves.filter((move) => isSetBy(move, committed(move)));
  if (stayed.length === 0) {
    await board.endRewind(order, "cancel");
    return stayed;
  }
  const set = { ...order, moves: stayed };
  await board.reopen(set, wallNow());
  await board.endRewind(set, "done");
  return stayed;
}

/**
 * Whether a move was carried out, as far as the group's offset tells: it is where it was to go on, or on its way back up to
 * where it was, which only a program that knows no rewinds can have brought it.
 */
export function isSetBy(move: RewindMove, now: Offset | null): boolean {
  if (now === null) return false;
  const { committed, to } = move;
  const isBack = directionOf(move) === "back";
  return now === to || (isBack && now > to && now < (committed ?? 0));
}

/** In a topic that is gone nothing was set, and nothing ever will be. */
function orNone(offsetsOf: OffsetsOf): OffsetsOf {
  return async (topic) => {
    try {
      return await offsetsOf(topic);
    } catch (error) {
      if (isTopicMissing(error)) return [];
      throw error;
    }
  };
}
