/** What the journal knows of a plan's events: how they ended the first time, and which of their keys went on since. */
import { setImmediate } from "node:timers/promises";
import type { JournalIndex, RangeHistory } from "@millrace/journal";
import { RANGE_OFFSETS_MAX } from "@millrace/journal";
import { FirstTimes, type CallTimes, type FirstTime } from "./first-time.ts";
import { LaterKeyFinder } from "./later-keys.ts";
import type { CountedRange } from "./range-count.ts";

/** What is known of a range. */
export interface RangePast {
  readonly firstTime: FirstTime;
  readonly calls: CallTimes;
  /** Keys that had later deliveries. */
  readonly laterKeys: readonly string[];
}

/** Asks for the past of ranges. */
export interface PastRequest {
  readonly target: string;
  readonly ranges: readonly CountedRange[];
  /** Where the log of a range's partition ends: nothing was delivered from there on. */
  readonly endOf: (range: CountedRange) => number;
}

/** A range each, in their order. Events of ranges that have none are not asked for. */
export async function pastOf(
  index: Pick<JournalIndex, "history">,
  { target, ranges, endOf }: PastRequest,
): Promise<readonly RangePast[]> {
  const past: RangePast[] = [];
  for (const range of ranges) {
    const { topic, partition, from, to } = range.planned;
    const place = { target, topic, partition };
    const firstTimes = new FirstTimes(range);
    for await (const part of partsOf(index, { ...place, from: Number(from), to: Number(to) }))
      firstTimes.take(part.history, part.from, part.to);
    const finder = new LaterKeyFinder(range);
    for await (const { history } of partsOf(index, {
      ...place,
      from: Number(to),
      to: endOf(range),
    })) {
      finder.take(history.entries);
      if (finder.hasAll) break;
    }
    past.push({ firstTime: firstTimes.counts, calls: firstTimes.calls, laterKeys: finder.keys });
  }
  return past;
}

interface Part {
  readonly history: RangeHistory;
  readonly from: number;
  readonly to: number;
}

/** What the journal has of a range, a bounded part at a time. */
async function* partsOf(
  index: Pick<JournalIndex, "history">,
  range: Parameters<JournalIndex["history"]>[0],
): AsyncGenerator<Part, void> {
  for (let { from } = range; from < range.to; from += RANGE_OFFSETS_MAX) {
    const to = Math.min(from + RANGE_OFFSETS_MAX, range.to);
    yield { history: index.history({ ...range, from, to }), from, to };
    await setImmediate();
  }
}
