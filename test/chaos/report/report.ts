/** What is said of a run: its verdict, a row for each fault, and what it does not show. */
import type { MeasureLine } from "../../checker/history.ts";
import type { Verdict } from "../../checker/verdict.ts";
import type { RunFacts } from "../chaos-run.ts";
import type { FaultRow } from "./fault-row.ts";

/** A stall of the harness that makes a run prove nothing, ms. */
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
  const busy = facts.profile.isolation === "strict" ? tooBusy(rows) : null;
  if (busy !== null) doubts.push(busy);
  if (verdict.rulings.H.status === "broken") doubts.push("the history is not whole");
  for (const topic of facts.unstable) doubts.push(`${topic} changed while it was read`);
  if (facts.stallMsMax > STALL_MS_MAX) {
    doubts.push(`the harness itself stood still for ${Math.round(facts.stallMsMax)} ms`);
  }
  return { result: doubts.length === 0 ? "clean" : "inconclusive", reasons: doubts };
}

/** Resident bytes of a delivery process that runs three targets, at most. */
const PEAK_BYTES_MAX = 512 * 1_048_576;

/** A key beside a sick one, where it gets no allowance on top of its share. */
const STRICT_KEY_RATIO_MAX = 1.2;

/** Why latencies cannot be compared; null where they can. */
export function tooBusy(rows: readonly FaultRow[]): string | null {
  const doubts = rows.flatMap(({ healthy }) => healthy.flatMap(({ doubt }) => doubt ?? []));
  const [first] = doubts;
  return first === undefined ? null : `latencies are not compared: ${first}`;
}

/** The figures that L4 and L5 are judged by; of latencies none where they cannot be compared. */
export function measureLines(facts: RunFacts, rows: readonly FaultRow[]): readonly MeasureLine[] {
  const { to: at } = facts.baseline;
  const peaks = Object.entries(facts.peakBytes).map(([who, value]): MeasureLine => {
    return { h: "measure", at, what: "rss", who, phase: "load", value, limit: PEAK_BYTES_MAX };
  });
  return tooBusy(rows) === null ? [...peaks, ...latencyLines(facts, rows)] : peaks;
}

function latencyLines(facts: RunFacts, rows: readonly FaultRow[]): readonly MeasureLine[] {
  const clean: MeasureLine[] = [];
  const faulted: MeasureLine[] = [];
  for (const { fault, healthy } of rows) {
    for (const { target: who, what, cleanMs, faultedMs } of healthy) {
      if (!clean.some((line) => line.what === what && line.who === who)) {
        const at = facts.baseline.to;
        clean.push({ h: "measure", at, what, who, phase: "clean", value: cleanMs });
      }
      const at = fault.endAt;
      const isStrict = facts.profile.isolation === "strict" && what === "p99-healthy-keys";
      const limit = isStrict ? { limit: cleanMs * STRICT_KEY_RATIO_MAX } : {};
      faulted.push({ h: "measure", at, what, who, phase: "faulted", value: faultedMs, ...limit });
    }
  }
  return [...clean, ...faulted];
}

const HEADINGS = [
  ...["fault", "events", "lost", "disordered", "unjustified", "repeats", "per event"],
  ...["recovery s", "false dead letters", "healthy p99 ms", "clean p99 ms", "proven by"],
] as const;

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
    `${row.proof.isProven ? "" : "NOT PROVEN: "}${row.proof.text}`,
  ]);
  const table: readonly (readonly string[])[] = [HEADINGS, ...cells];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
