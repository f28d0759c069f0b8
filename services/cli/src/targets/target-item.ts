import { groupId, type TargetConfig } from "@millrace/config";
import {
  pauseText,
  rewindText,
  type ControlBoard,
  type Pause,
  type Rewind,
} from "@millrace/control";
import { asTarget } from "@millrace/engine";
import type { Column } from "../output/table.ts";

/** A pause, as it is printed; the last three are null where its entry cannot be read. */
export interface PauseItem {
  readonly pauser: Pause["pauser"];
  readonly by: string | null;
  readonly reason: string | null;
  /** RFC 3339. */
  readonly since: string | null;
}

/** A target, as it is printed. */
export interface TargetItem {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly url: string;
  readonly order: TargetConfig["order"];
  readonly onDeadLetter: TargetConfig["onDeadLetter"];
  /** What is wanted of it; whether a process runs it is another question. */
  readonly wanted: "running" | "paused" | "rewinding";
  readonly pauses: readonly PauseItem[];
  /** For people. */
  readonly note: string;
}

/** What is wanted of a target. */
export interface TargetWishes {
  readonly pauses: readonly Pause[];
  /** A rewind that stands. */
  readonly rewind: Rewind | null;
}

/** What stands of a target on a board that has been read. */
export function wishesOf(
  board: Pick<ControlBoard, "pauses" | "rewind">,
  name: string,
): TargetWishes {
  const target = asTarget(name);
  return { pauses: board.pauses(target), rewind: board.rewind(target) };
}

/** What a target is wanted to do. */
export function wantedOf({ pauses, rewind }: TargetWishes): TargetItem["wanted"] {
  if (rewind !== null) return "rewinding";
  return pauses.length === 0 ? "running" : "paused";
}

/** The item of a target. */
export function targetItem(
  { name, topics, urlPrefix, order, onDeadLetter }: TargetConfig,
  namespace: string,
  wishes: TargetWishes,
): TargetItem {
  const { pauses, rewind } = wishes;
  const rewinds = rewind === null ? [] : [rewindText(rewind)];
  return {
    name,
    group: groupId(namespace, name),
    topics,
    url: urlPrefix,
    order,
    onDeadLetter,
    wanted: wantedOf(wishes),
    pauses: pauses.map(pauseItem),
    note: [...rewinds, ...pauses.map(pauseText)].join("; "),
  };
}

/** The table of targets. */
export const TARGET_COLUMNS: readonly Column<TargetItem>[] = [
  { name: "target", cell: ({ name }) => name },
  { name: "topics", cell: ({ topics }) => topics.join(", ") },
  { name: "url", cell: ({ url }) => url },
  { name: "order", cell: ({ order }) => order },
  { name: "wanted", cell: ({ wanted }) => wanted },
  { name: "note", cell: ({ note }) => note },
];

/** A pause, as it is printed. */
export function pauseItem({ pauser, wish }: Pause): PauseItem {
  if (wish === null) return { pauser, by: null, reason: null, since: null };
  const { by, reason, at } = wish;
  return { pauser, by, reason, since: new Date(at).toISOString() };
}
