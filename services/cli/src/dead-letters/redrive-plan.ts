import type { WantedDiscard } from "@millrace/control";
import type { RedriveRequest, SetAsideKey } from "@millrace/engine";
import type { OpenDeadLetter, ParkedCount } from "@millrace/jobs";
import type { Column } from "../output/table.ts";
import { placeText } from "./letter-item.ts";

/** What a redrive of some dead letters would do. */
export interface RedrivePlan {
  /** In the order of the dead letters. */
  readonly requests: readonly RedriveRequest[];
  readonly partitions: readonly RedrivePlanItem[];
  /** Dead letters whose keys went on without them: a redrive has no lane for them. */
  readonly loose: readonly OpenDeadLetter[];
  /** Dead letters that someone wants not to be delivered: whoever comes second waits for the end. */
  readonly contested: readonly OpenDeadLetter[];
}

/** What redrives are planned by. */
export interface RedriveBasis {
  readonly setAside: readonly SetAsideKey[];
  readonly parked: ParkedCount;
  /** Discards that have not ended. */
  readonly discards: readonly WantedDiscard[];
}

/** A source partition's part of the plan. */
export interface RedrivePlanItem {
  readonly topic: string;
  readonly partition: number;
  /** Keys, each with one dead letter. */
  readonly keys: number;
  /** Events parked behind them. */
  readonly parked: number;
  /** When the first and the last of them were given up, RFC 3339. */
  readonly first: string;
  readonly last: string;
}

/** Plans the redrive of these dead letters. */
export function planRedrive(
  letters: readonly OpenDeadLetter[],
  { setAside, parked, discards }: RedriveBasis,
): RedrivePlan {
  const wanted = new Set(discards.map(({ request }) => wishName(request)));
  const markers = new Map(setAside.map((key) => [placeText(key), key]));
  const all = letters.flatMap((letter) => {
    const marker = markers.get(placeText(letter));
    return letter.later === "delivered" || marker === undefined ? [] : [{ letter, marker }];
  });
  const isContested = ({ marker }: { readonly marker: SetAsideKey }): boolean =>
    wanted.has(wishName(marker));
  const held = all.filter((one) => !isContested(one));
  const byPartition = Map.groupBy(held, ({ marker }) => `${marker.topic}:${marker.partition}`);
  const partitions = Array.from(byPartition.values(), (of): RedrivePlanItem => {
    const times = of.map(({ letter }) => letter.at.timestampMs);
    const time = (ms: number): string => new Date(ms).toISOString();
    return {
      topic: of[0]?.marker.topic ?? "",
      partition: of[0]?.marker.partition ?? 0,
      keys: of.length,
      parked: of.reduce((sum, { marker }) => sum + parked.of(marker), 0),
      first: time(Math.min(...times)),
      last: time(Math.max(...times)),
    };
  });
  return {
    requests: held.map(({ marker }) => requestOf(marker)),
    partitions,
    loose: letters.filter(({ later }) => later === "delivered"),
    contested: all.filter(isContested).map(({ letter }) => letter),
  };
}

/** Names the dead letter that something is wanted of, as people saw it. */
export function wishName(event: RedriveRequest): string {
  return `${placeText(event)}/${event.redriveCount}`;
}

/** The table of a plan. */
export const PLAN_COLUMNS: readonly Column<RedrivePlanItem>[] = [
  { name: "partition", cell: ({ topic, partition }) => `${topic}:${partition}` },
  { name: "keys", cell: ({ keys }) => String(keys), align: "right" },
  { name: "parked", cell: ({ parked }) => String(parked), align: "right" },
  { name: "first given up", cell: ({ first }) => first },
  { name: "last given up", cell: ({ last }) => last },
];

function requestOf({ topic, partition, key, offset, redriveCount }: SetAsideKey): RedriveRequest {
  return { topic, partition, key, offset, redriveCount };
}
