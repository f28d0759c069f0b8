import { FAULT_CLASSES, type FaultClass } from "../world/plan/fault-classes.ts";
import type { Tally } from "../tally.ts";
import { ENGINE_STATES, type EngineStateName } from "./engine-states.ts";
import { IMPOSSIBLE_COUNT, reasonOf } from "./impossible-pairs.ts";

/** Hits that every possible pair has in so many seeds; less than that is an untested claim. */
const HITS_MIN = 100;
const JUDGED_SEEDS = 20_000;

/** What coverage there was, and whether it is what it ought to be. */
export interface CoverageReport {
  readonly text: string;
  /** No impossible pair occurred, and in a long run none was missed. */
  readonly isSound: boolean;
}

interface Pair {
  readonly fault: FaultClass;
  readonly state: EngineStateName;
  readonly hitCount: number;
}

/** The full product of faults and states as a table, then what is wrong with it. */
export function coverageReport({ coverage, seedCount }: Tally): CoverageReport {
  const pairs = FAULT_CLASSES.flatMap((fault) =>
    ENGINE_STATES.map((state): Pair => ({ fault, state, hitCount: coverage.hitsOf(fault, state) })),
  );
  const possible = pairs.filter(({ fault, state }) => reasonOf(fault, state) === null);
  const refuted = pairs.filter(
    ({ fault, state, hitCount }) => hitCount > 0 && reasonOf(fault, state) !== null,
  );
  const missed = possible.filter(({ hitCount }) => hitCount < HITS_MIN);
  const isLong = seedCount >= JUDGED_SEEDS;
  const lines = [
    "",
    ...table(pairs),
    `${pairs.length} pairs of fault and state: ${IMPOSSIBLE_COUNT} impossible, ${possible.length - missed.length} of ${possible.length} others hit ${HITS_MIN} times`,
    ...refuted.map(({ fault, state }) => `occurred, though held impossible: ${fault} x ${state}`),
    ...shortOf(missed, seedCount),
    "",
  ];
  return {
    text: lines.join("\n"),
    isSound: refuted.length === 0 && (!isLong || missed.length === 0),
  };
}

/** The pairs that fell short, by state: the rarest state says most. */
function shortOf(missed: readonly Pair[], seedCount: number): readonly string[] {
  if (missed.length === 0) return [];
  const isLong = seedCount >= JUDGED_SEEDS;
  const lines = ENGINE_STATES.flatMap((state) => {
    const some = missed
      .filter((pair) => pair.state === state)
      .map(({ fault, hitCount }) => `${fault} ${hitCount}`);
    return some.length === 0 ? [] : [`  ${state}: ${some.join(", ")}`];
  });
  const due = isLong ? "" : ` (it is judged from ${JUDGED_SEEDS} seeds on)`;
  return [`hit fewer than ${HITS_MIN} times${due}:`, ...lines];
}

function table(pairs: readonly Pair[]): readonly string[] {
  const header = ENGINE_STATES.map((state, index) => `${letterOf(index)} ${state}`).join(", ");
  const letters = ENGINE_STATES.map((_, index) => letterOf(index).padStart(5)).join("");
  const rows = FAULT_CLASSES.map((fault) => {
    const cells = pairs
      .filter((pair) => pair.fault === fault)
      .map(({ state, hitCount }) => cell(hitCount, reasonOf(fault, state) !== null).padStart(5));
    return `${fault.padEnd(20)}${cells.join("")}`;
  });
  return [header, `${"".padEnd(20)}${letters}`, ...rows];
}

function letterOf(index: number): string {
  return String.fromCharCode("a".charCodeAt(0) + index);
}

function cell(hitCount: number, isImpossible: boolean): string {
  if (isImpossible && hitCount === 0) return "-";
  if (hitCount < 10_000) return String(hitCount);
  if (hitCount < 10_000_000) return `${Math.floor(hitCount / 1_000)}k`;
  return `${Math.floor(hitCount / 1_000_000)}m`;
}
