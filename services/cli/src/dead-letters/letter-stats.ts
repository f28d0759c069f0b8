import type { Column } from "../output/table.ts";
import type { LetterItem } from "./letter-item.ts";

/** What dead letters are counted by. */
export type LetterGroup = "key" | "reason" | "status" | "type";

/** Dead letters that have one thing in common. */
export interface LetterStatsItem {
  /** Null: they have none. */
  readonly group: string | null;
  readonly count: number;
  /** RFC 3339, of when they were given up. */
  readonly first: string;
  readonly last: string;
}

/** Counts by what they have in common, the most first. */
export function letterStats(
  items: readonly LetterItem[],
  by: LetterGroup,
): readonly LetterStatsItem[] {
  const groups = Map.groupBy(items, (item) => item[by]);
  return Array.from(groups, ([group, of]) => {
    const times = of.map(({ givenUpAt }) => givenUpAt).sort();
    const [first = "", last = first] = [times[0], times.at(-1)];
    return { group: group === null ? null : String(group), count: of.length, first, last };
  }).sort((one, other) => other.count - one.count);
}

/** The table of counts. */
export function statsColumns(by: LetterGroup): readonly Column<LetterStatsItem>[] {
  return [
    { name: by, cell: ({ group }) => group ?? "-" },
    { name: "count", cell: ({ count }) => String(count), align: "right" },
    { name: "first given up", cell: ({ first }) => first },
    { name: "last given up", cell: ({ last }) => last },
  ];
}
