import type { RewindMove } from "@millrace/control";
import type { DoneRun } from "@millrace/engine";
import type { Column } from "../output/table.ts";

/** A move of a group in a partition, and what of the log it is about. */
export interface FoundMove extends RewindMove {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Settled above the committed offset, ascending: that is forgotten with the move. */
  readonly doneRuns: readonly DoneRun[];
}

/** A partition's part of a rewind, as it is printed. Offsets are text. */
export interface PlannedMove {
  readonly topic: string;
  readonly partition: number;
  /** Null: nothing is committed. */
  readonly committed: string | null;
  readonly to: string;
  /** `start`: the group begins there, since it has nothing committed. */
  readonly direction: "back" | "forward" | "start";
  /** Settled records that are delivered again, as far as the filter lets them through. */
  readonly again: number;
  /** Records that are not settled, and will not be delivered. */
  readonly lost: number;
  /** Settled records of keys that wait behind a dead letter: not sent again up to it, parked again behind it. */
  readonly held: number;
  /** When the first and the last of `again` and `lost` were written, RFC 3339; null where there are none. */
  readonly first: string | null;
  readonly last: string | null;
}

/** Which way a move goes. */
export function directionOf({
  committed,
  to,
}: Pick<RewindMove, "committed" | "to">): PlannedMove["direction"] {
  if (committed === null) return "start";
  return to > committed ? "forward" : "back";
}

/** The table of a plan. */
export const MOVE_COLUMNS: readonly Column<PlannedMove>[] = [
  { name: "partition", cell: ({ topic, partition }) => `${topic}:${partition}` },
  { name: "committed", cell: ({ committed }) => committed ?? "-", align: "right" },
  { name: "to", cell: ({ to }) => to, align: "right" },
  { name: "", cell: ({ direction }) => direction },
  { name: "again", cell: ({ again }) => String(again), align: "right" },
  { name: "not delivered", cell: ({ lost }) => String(lost), align: "right" },
  { name: "held", cell: ({ held }) => String(held), align: "right" },
  { name: "first", cell: ({ first }) => first ?? "-" },
  { name: "last", cell: ({ last }) => last ?? "-" },
];
