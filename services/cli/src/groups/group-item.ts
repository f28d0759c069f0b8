import type { Column } from "../output/table.ts";
import { durationText } from "./duration-text.ts";
import type { ObservedGroup, ObservedPartition } from "./observed-group.ts";
import { lagAgeSeconds } from "./lag-age.ts";
import type { PartitionState } from "./partition-lag.ts";

/** A target's group, as `groups list` prints it. */
export interface GroupItem {
  /** When it was looked at, RFC 3339. */
  readonly at: string;
  readonly target: string;
  readonly group: string;
  /** Kafka's word; `none` where Kafka does not know the group. */
  readonly state: string;
  readonly members: number;
  readonly partitions: number;
  /** Of the partitions that have started; null where none has. */
  readonly lag: number | null;
  /** What of the lag is not settled. */
  readonly waiting: number | null;
  /** Of the oldest event that waits; null where none does. */
  readonly lagAgeSeconds: number | null;
  /** Partitions without a committed offset, `<topic>/<partition>`. */
  readonly notStarted: readonly string[];
  /** Partitions that stand still because records or offsets are gone. */
  readonly halted: readonly string[];
}

/** The item of a group that was looked at at `nowMs`, epoch milliseconds. */
export function groupItem(observed: ObservedGroup, nowMs: number): GroupItem {
  const { target, groupId, state, memberCount, partitions } = observed;
  const placesIn = (...states: readonly PartitionState[]): readonly string[] =>
    partitions.filter((one) => states.includes(one.state)).map((one) => placeText(one));
  const ages = partitions
    .map(({ head }) => lagAgeSeconds(head, nowMs))
    .filter((seconds) => seconds !== null);
  return {
    at: new Date(nowMs).toISOString(),
    target: target.name,
    group: groupId,
    state,
    members: memberCount,
    partitions: partitions.length,
    lag: sumOf(partitions.map(({ lag }) => lag)),
    waiting: sumOf(partitions.map(({ waitingCount }) => waitingCount)),
    lagAgeSeconds: ages.length === 0 ? null : Math.max(...ages),
    notStarted: placesIn("not-started"),
    halted: placesIn("offsets-gone", "retention-passed", "beyond-end"),
  };
}

/** The table of `groups list`. */
export const GROUP_COLUMNS: readonly Column<GroupItem>[] = [
  { name: "target", cell: ({ target }) => target },
  { name: "group", cell: ({ group }) => group },
  { name: "state", cell: ({ state }) => state },
  { name: "members", cell: ({ members }) => String(members), align: "right" },
  { name: "partitions", cell: ({ partitions }) => String(partitions), align: "right" },
  { name: "lag", cell: ({ lag }) => lag?.toString() ?? "-", align: "right" },
  { name: "waiting", cell: ({ waiting }) => waiting?.toString() ?? "-", align: "right" },
  { name: "age", cell: ({ lagAgeSeconds: age }) => ageText(age), align: "right" },
  { name: "not started", cell: (item) => placesText(item.notStarted, item.partitions) },
  { name: "halted", cell: (item) => placesText(item.halted, item.partitions) },
];

/** A lag age in a table. */
export function ageText(seconds: number | null): string {
  return seconds === null ? "-" : durationText(seconds);
}

/** Places that are written out in a cell; of more, their count. */
const PLACES_MAX = 3;

function placesText(places: readonly string[], partitionCount: number): string {
  if (places.length === 0) return "-";
  if (places.length === partitionCount) return "all";
  return places.length > PLACES_MAX ? `${places.length} of ${partitionCount}` : places.join(", ");
}

function placeText({ topic, partition }: ObservedPartition): string {
  return `${topic}/${partition}`;
}

function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
