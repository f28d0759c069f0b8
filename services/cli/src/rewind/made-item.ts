import type { TargetId } from "@millrace/engine";
import type { Column } from "../output/table.ts";
import type { MadeMove } from "./rewind-run.ts";

/** A partition's end of a rewind, as it is printed. Offsets are text. */
export interface MadeItem {
  readonly target: string;
  readonly topic: string;
  readonly partition: number;
  /** Where the group was once it had stopped; null: nothing was committed. */
  readonly committed: string | null;
  readonly to: string;
  /** `passed`: the group had come by itself to where it was to go on, and was left there. */
  readonly end: MadeMove["end"];
}

/** The item of a move. */
export function madeItem(target: TargetId, move: MadeMove): MadeItem {
  const { topic, partition, committed, to, end } = move;
  const before = committed === null ? null : String(committed);
  return { target, topic, partition, committed: before, to: String(to), end };
}

/** The table of what was done. */
export const MADE_COLUMNS: readonly Column<MadeItem>[] = [
  { name: "partition", cell: ({ topic, partition }) => `${topic}:${partition}` },
  { name: "committed", cell: ({ committed }) => committed ?? "-", align: "right" },
  { name: "to", cell: ({ to }) => to, align: "right" },
  { name: "end", cell: ({ end }) => end },
];
