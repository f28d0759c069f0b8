/** What is said of a run: its verdict, a row for each fault, and what it does not show. */
import type { MeasureLine } from "../../checker/history.ts";
import type { Verdict } from "../../checker/verdict.ts";
import { alignedText } from "../../support/aligned-text.ts";
import type { RunFacts } from "../chaos-run.ts";
import type { FaultRow } from "./fault-row.ts";
import type { HealthyLatency } from "./healthy-latency.ts";
import type { Interval } from "./percentile.ts";

/** A stall of a process that measures that makes a run prove nothing, ms. */
export const STALL_MS_MAX = 1_000;

/** How a run ended. */
export interface Conclusion {
  readonly result: "clean" | "broken" | "inconclusive";
  /** Why it is not clean. */
  readonly reasons: readonly string[];
}

/** Exit codes of `npm run chaos`. */
export const EXIT_CODES: Readonly<Record<Conclusion["result"], number>> = {
  clean: 0,
  broken: 1,
  inconclusive: 2,
};

/** Draws the conclusion: broken promises first, then whether the run could show what it was to show. */
export function conclude(facts: RunFacts, verdict: Verdict, rows: readonly FaultRow[]): Conclusion {
  const broken = Object.entries(verdict.rulings)
    .filter(([id, { status }]) => status === "broken" && id !== "H")
    .map(([id]) => `${id} is broken`);
  const falseDeadLetters = rows.reduce((sum, row) => sum + row.falseDeadLetters, 0);
  if (falseDeadLetters > 0) broken.push(`${falseDeadLetters} false dead letters`);
  if (facts.restAt === null) broken.push("the lag did not return to 0");
  if (broken.length > 0) return { result: "broken", reasons: broken };
  const doubts = rows
    .filter(({ proof }) => !proof.isProven)
    .map(({ fault, proof }) => `${fault.name} took no effect: ${proof.text}`);
  if (verdict.rulings.H.status === "broken") doubts.push("the history is not whole");
  doubts.push(...notShown(facts, rows));
  for (const topic of facts.unstable) doubts.push(`${topic} changed while it was read`);
  doubts.push(...stoodStill(facts));
  return { result: doubts.length === 0 ? "clean" : "inconclusive", reasons: doubts };
}

function stoodStill({ stalls, faults }: RunFacts): readonly string[] {
  return Object.entries(stalls)
    .filter(([, { ms }]) => ms > STALL_MS_MAX)
    .map(([who, { ms, at }]) => {
      const fault = faults.find(({ startAt, endAt }) => startAt <= at && at <= endAt);
      const during = fault === undefined ? "between faults" : `during ${fault.name}`;
      const time = new Date(at).toISOString();
      return `the process of ${who} stood still for ${Math.round(ms)} ms, until ${time}, ${during}`;
    });
}

/** Resident bytes of a delivery process that runs three targets, at most. */
const PEAK_BYTES_MAX = 512 * 1_048_576;

/** A healthy key's p99 beside a sick key, times the clean one, where neighbours are compared: nothing is added to it. */
const STRICT_KEY_RATIO_MAX = 1.2;

/** The same of a healthy target beside a sick one. */
const TARGET_RATIO_MAX = 1.1;

interface Compared extends HealthyLatency {
  readonly fault: FaultRow["fault"];
}

function comparedOf(rows: readonly FaultRow[]): readonly Compared[] {
  return rows.flatMap(({ fault, healthy }) => healthy.map((one) => ({ fault, ...one })));
}

/** What is left out of the comparison with the clean run; null: nothing, or the run says so itself. */
export function leftOut({ profile }: RunFacts, rows: readonly FaultRow[]): string | null {
  if (profile.comparison !== "baseline") return null;
  const all = comparedOf(rows);
  const doubts = all.flatMap(({ doubt }) => doubt ?? []);
  if (doubts.length === 0) return null;
  return `${doubts.length} of ${all.length} latencies are not compared: ${[...new Set(doubts)].join("; ")}`;
}

/** What a run that was to compare neighbours does not show. */
function notShown({ profile }: RunFacts, rows: readonly FaultRow[]): readonly string[] {
  if (profile.comparison !== "neighbours") return [];
  const all = comparedOf(rows);
  if (all.length === 0) return ["no fault left anybody healthy to compare"];
  return all.flatMap((one) => {
    const { fault, target, doubt } = one;
    if (doubt !== null) return [`${fault.name}: latencies of ${target} are not compared: ${doubt}`];
    const noise = noiseOf(one);
    return noise === null ? [] : [`${fault.name}: latencies of ${target} cannot be told: ${noise}`];
  });
}

/** Above what is promised, but by no more than slices differ; null: it is not. */
function noiseOf({ what, cleanMs, faultedMs, cleanRange, faultedRange }: Compared): string | null {
  const ratioMax = ratioMaxOf(what);
  const isAbove = faultedMs > cleanMs * ratioMax;
  if (!isAbove || faultedRange.low > cleanRange.high * ratioMax) return null;
  const text = ({ low, high }: Interval): string => `${low.toFixed(1)} to ${high.toFixed(1)} ms`;
  const ratio = (faultedMs / cleanMs).toFixed(2);
  return `${ratio} times clean, a p99 of ${text(faultedRange)} beside ${text(cleanRange)}; try a longer --hold`;
}

function ratioMaxOf(what: HealthyLatency["what"]): number {
  return what === "p99-healthy-keys" ? STRICT_KEY_RATIO_MAX : TARGET_RATIO_MAX;
}

/** The figures that L4 and L5 are judged by; of latencies none where they cannot be compared. */
export function measureLines(facts: RunFacts, rows: readonly FaultRow[]): readonly MeasureLine[] {
  const { to: at } = facts.baseline;
  const peaks = Object.entries(facts.peakBytes).map(([who, value]): MeasureLine => {
    return { h: "measure", at, what: "rss", who, phase: "load", value, limit: PEAK_BYTES_MAX };
  });
  const isStrict = facts.profile.comparison === "neighbours";
  const latencies = comparedOf(rows)
    .filter(({ doubt }) => doubt === null)
    .flatMap((one): readonly MeasureLine[] => {
      const { fault, target: who, what, cleanMs, faultedMs, cleanRange, faultedRange } = one;
      const of = `${fault.name}/${fault.startAt}`;
      const identity = { h: "measure", at: fault.endAt, what, who, fault: of } as const;
      const limit = isStrict ? { limit: cleanRange.high * ratioMaxOf(what) } : {};
      return [
        { ...identity, phase: "clean", value: cleanMs, ...cleanRange },
        { ...identity, phase: "faulted", value: faultedMs, ...faultedRange, ...limit },
      ];
    });
  return [...peaks, ...latencies];
}

const HEADINGS = [
  ...["fault", "events", "lost", "disordered", "unjustified", "repeats", "per event"],
  ...["recovery s", "false dead letters", "healthy p99 ms", "clean p99 ms"],
  ...["times clean", "first slice p99 ms", "proven by"],
] as const;

function timesClean({ target, cleanMs, faultedMs }: HealthyLatency): string {
  return cleanMs === 0 ? `${target} -` : `${target} ${(faultedMs / cleanMs).toFixed(2)}`;
}

/** The table, as text. */
export function reportTable(rows: readonly FaultRow[]): string {
  const cells = rows.map((row) => [
    row.fault.name,
    ...[row.events, row.lost, row.disordered, row.unjustified, row.repeats].map(String),
    row.events === 0 ? "-" : (row.repeats / row.events).toFixed(5),
    row.recoveryMs === null ? "never" : (row.recoveryMs / 1_000).toFixed(1),
    String(row.falseDeadLetters),
    row.healthy.map(({ faultedMs }) => faultedMs.toFixed(0)).join(", ") || "-",
    row.healthy.map(({ cleanMs }) => cleanMs.toFixed(0)).join(", ") || "-",
    row.healthy.map(timesClean).join(", ") || "-",
    row.healthy.map(({ firstMs }) => firstMs.toFixed(0)).join(", ") || "-",
    `${row.proof.isProven ? "" : "NOT PROVEN: "}${row.proof.text}`,
  ]);
  return alignedText([HEADINGS, ...cells]);
}
