/** How long a replay takes, as far as it can be told beforehand. */
import type { TargetConfig } from "@millrace/config";
import { LIVE_PER_REPLAY } from "@millrace/engine";
import { groupDigits } from "../output/progress.ts";
import { durationText } from "../groups/duration-text.ts";
import type { CountedRange } from "./range-count.ts";

/** An estimate. The target may be slower than it was, and retries come on top. */
export interface Estimate {
  /** Calls that are to be made: events that the filter did not leave out the first time. */
  readonly calls: number;
  /** Where no live event waits; whole seconds. */
  readonly aloneSeconds: number;
  /** Where live events take all the calls they may; whole seconds. */
  readonly besideLiveSeconds: number;
  /** What takes so long: the target's rate, its concurrency, or the key with the most events, one after the other. */
  readonly boundBy: "concurrency" | "key" | "rate";
}

/** What an estimate is made of. */
export interface EstimateBasis {
  readonly target: Pick<TargetConfig, "concurrencyMax" | "ratePerSecond">;
  readonly calls: number;
  /** Events that have to go one after the other. */
  readonly longestLane: number;
  /** How long a call takes, ms; null: nobody knows. */
  readonly callMs: number | null;
}

/** Estimates; null where neither a rate nor the duration of a call is known. */
export function estimateOf({
  target: { concurrencyMax, ratePerSecond: rate },
  calls,
  longestLane,
  callMs,
}: EstimateBasis): Estimate | null {
  const bounds: (readonly [Estimate["boundBy"], number])[] = [];
  if (rate.kind === "limited") bounds.push(["rate", calls / rate.perSecond]);
  if (callMs !== null) {
    const seconds = callMs / 1_000;
    bounds.push(
      ["concurrency", (calls * seconds) / concurrencyMax],
      ["key", longestLane * seconds],
    );
  }
  const longest = bounds.toSorted(([, one], [, other]) => other - one)[0];
  if (longest === undefined) return null;
  const [boundBy, seconds] = longest;
  return {
    calls,
    aloneSeconds: Math.ceil(seconds),
    besideLiveSeconds: Math.ceil(seconds * (LIVE_PER_REPLAY + 1)),
    boundBy,
  };
}

/** Events of the lane that has most of them: they go one after the other. */
export function longestLaneOf(
  ranges: readonly CountedRange[],
  order: TargetConfig["order"],
): number {
  let longest = 0;
  for (const { keys, planned } of order === "none" ? [] : ranges) {
    const counts = order === "partition" ? [planned.events] : keys.values();
    for (const count of counts) if (count > longest) longest = count;
  }
  return longest;
}

const BOUNDS: Readonly<Record<Estimate["boundBy"], string>> = {
  rate: "its rate",
  concurrency: "its concurrency",
  key: "the key with the most events, one after the other",
};

/** What a plan says of it. */
export function estimateText(estimate: Estimate | null, target: string): string {
  if (estimate === null) {
    const why = "it has no rate, and the journal knows no call of these events";
    return `nobody knows how long ${target} takes: ${why}`;
  }
  const { calls, aloneSeconds, besideLiveSeconds, boundBy } = estimate;
  const beside = `${durationText(besideLiveSeconds)} beside as many live events as it takes`;
  return (
    `about ${groupDigits(calls)} calls to ${target}, each with Millrace-Replay: ` +
    `${durationText(aloneSeconds)} at least, ${beside} (bound by ${BOUNDS[boundBy]})`
  );
}
