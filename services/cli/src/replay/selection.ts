/** Which records of its ranges a replay means. */
import type { TargetConfig } from "@millrace/config";
import { isInRuns, readRuns, type OffsetRun } from "@millrace/control";
import type { SourceRecord } from "@millrace/engine";
import type { Settings } from "../settings.ts";
import { EventMatcher } from "../tail/event-matcher.ts";
import { targetFilter } from "../tail/target-filter.ts";
import type { PlannedRange } from "./saved-plan.ts";

/** What events are to be selected by. */
export interface SelectionRequest {
  readonly target: Pick<TargetConfig, "input">;
  readonly topics: readonly { readonly topic: string }[];
  /** Record keys as UTF-8; null: all. */
  readonly keys: readonly string[] | null;
  /** CEL over an event; null: all. */
  readonly filter: string | null;
}

/** Decides of a record. */
export interface Selection {
  readonly isMeant: (record: SourceRecord) => Promise<boolean> | boolean;
  /** Records that a filter could not be asked about. */
  readonly unfilterableCount: () => number;
}

/** All records, or those of these keys, as UTF-8. */
export function keySelection(keys: readonly string[] | null): Selection {
  const wanted = keys === null ? null : new Set(keys);
  return {
    isMeant: ({ key }) =>
      wanted === null || (key !== null && wanted.has(Buffer.from(key).toString())),
    unfilterableCount: () => 0,
  };
}

/**
 * Those of the keys that a CEL filter lets through.
 * @throws CliError usage, with all that is wrong with the filter.
 */
export async function filterSelection(
  { filter, keys, target, topics }: SelectionRequest,
  settings: Settings,
): Promise<Selection> {
  const byKey = keySelection(keys);
  if (filter === null) return byKey;
  const names = topics.map(({ topic }) => topic);
  const compiled = await targetFilter(filter, { target, topics: names, settings });
  const matcher = new EventMatcher(compiled.decoder, compiled.filter);
  return {
    async isMeant(record) {
      if (byKey.isMeant(record) !== true) return false;
      return matcher.matches(await matcher.decode(record));
    },
    unfilterableCount: () => matcher.unfilterableCount,
  };
}

/** Those that a plan means. */
export function plannedSelection(
  items: readonly PlannedRange[],
  keys: readonly string[] | null,
): Selection {
  const byKey = keySelection(keys);
  const runs = new Map(items.map((item) => [`${item.topic}/${item.partition}`, runsOf(item)]));
  return {
    ...byKey,
    isMeant: (record) => {
      const only = runs.get(`${record.topic}/${record.partition}`) ?? null;
      return (only === null || isInRuns(only, record.offset)) && byKey.isMeant(record);
    },
  };
}

/** The offsets that an item means; null: all of its range. */
export function runsOf({ from, to, only }: PlannedRange): readonly OffsetRun[] | null {
  return only === null ? null : readRuns(only, { from: Number(from), to: Number(to) });
}
