/** Asks the journal for the past of a plan's events; where it cannot be asked, a plan says no less of what it sends. */
import type { TargetConfig } from "@millrace/config";
import { asTopic } from "@millrace/engine";
import type { LogReader } from "@millrace/kafka";
import { isKeyPersonal } from "@millrace/schemas";
import { reasonOf } from "../cli-error.ts";
import { isExpected } from "../failure.ts";
import { withJournal, type JournalAccess } from "../journal/with-journal.ts";
import type { Privacy } from "../tail/event-view.ts";
import type { CountedRanges } from "./count-ranges.ts";
import { estimateOf, longestLaneOf, type Estimate } from "./estimate.ts";
import { laterKeysOf, type LaterKeys } from "./later-keys.ts";
import { pastOf, type RangePast } from "./plan-past.ts";
import type { CountedRange } from "./range-count.ts";
import type { SavedPlan } from "./saved-plan.ts";

/** What is asked with. */
export interface LookBackAccess extends JournalAccess {
  readonly target: TargetConfig;
  readonly reader: LogReader;
  /** Whether keys that are personal data are named. */
  readonly privacy: Privacy;
}

/** A plan's ranges with their past. @throws MillraceError of the brokers. */
export async function lookBack(
  counted: CountedRanges,
  access: LookBackAccess,
): Promise<Pick<SavedPlan, "estimate" | "items" | "laterKeys">> {
  const ranges = counted.ranges.filter(({ planned }) => planned.events > 0);
  const past = await askJournal(ranges, access);
  const items = ranges.map(({ planned }, index) => {
    return { ...planned, firstTime: past?.[index]?.firstTime ?? null };
  });
  const { hasAllKeys } = counted;
  const laterKeys = past === null ? null : laterKeysIn(ranges, past, { ...access, hasAllKeys });
  return { items, laterKeys, estimate: estimate(ranges, past, access.target) };
}

async function askJournal(
  ranges: readonly CountedRange[],
  access: LookBackAccess,
): Promise<readonly RangePast[] | null> {
  const { target, reader, context } = access;
  const ends = await endsOf(ranges, reader);
  const endOf = ({ planned }: CountedRange): number =>
    ends.get(`${planned.topic}/${planned.partition}`) ?? 0;
  try {
    return await withJournal(access, (index) => {
      return pastOf(index, { target: target.name, ranges, endOf });
    });
  } catch (error) {
    if (!isExpected(error)) throw error;
    context.terminal.complain(
      `nobody knows how these events ended the first time: ${reasonOf(error)}`,
    );
    return null;
  }
}

async function endsOf(
  ranges: readonly CountedRange[],
  reader: LogReader,
): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>();
  for (const topic of new Set(ranges.map(({ planned }) => planned.topic))) {
    for (const { partition, logEndOffset } of await reader.ranges(asTopic(topic)))
      ends.set(`${topic}/${partition}`, logEndOffset);
  }
  return ends;
}

function laterKeysIn(
  ranges: readonly CountedRange[],
  past: readonly RangePast[],
  of: Pick<LookBackAccess, "privacy" | "settings"> & { readonly hasAllKeys: boolean },
): LaterKeys {
  const found = ranges.map(({ planned: { topic } }, index) => ({
    keys: past[index]?.laterKeys ?? [],
    isHidden: of.privacy === "masked" && isKeyPersonal(of.settings.catalog, topic),
  }));
  return laterKeysOf(found, of.hasAllKeys);
}

function estimate(
  ranges: readonly CountedRange[],
  past: readonly RangePast[] | null,
  target: TargetConfig,
): Estimate | null {
  const sum = (of: (past: RangePast) => number): number =>
    past?.reduce((total, one) => total + of(one), 0) ?? 0;
  const [callCount, callMs] = [sum(({ calls }) => calls.count), sum(({ calls }) => calls.totalMs)];
  const events = ranges.reduce((total, { planned }) => total + planned.events, 0);
  return estimateOf({
    target,
    calls: events - sum(({ firstTime }) => firstTime.skipped),
    longestLane: longestLaneOf(ranges, target.order),
    callMs: callCount === 0 ? null : callMs / callCount,
  });
}
