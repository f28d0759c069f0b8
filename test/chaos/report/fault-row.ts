/** The figures of one fault. */
import type { RunFacts } from "../chaos-run.ts";
import type { FaultRecord } from "../faults/fault.ts";
import type { LagSample } from "../record/lag-probe.ts";
import type { InvariantId, Verdict, Violation } from "../../checker/verdict.ts";
import { healthyLatencies, type HealthyLatency } from "./healthy-latency.ts";
import type { Observation } from "./observation.ts";
import { prove, type Proof } from "./proof.ts";
import type { Window } from "./window.ts";

/** One row of the report. */
export interface FaultRow {
  readonly fault: FaultRecord;
  readonly proof: Proof;
  /** Deliveries that first arrived from the fault's beginning to the next one's. */
  readonly events: number;
  readonly lost: number;
  readonly disordered: number;
  readonly unjustified: number;
  /** Arrivals of what had been applied before. */
  readonly repeats: number;
  /** From the end of the harm until the targets had caught up, ms; null when they never did. */
  readonly recoveryMs: number | null;
  /** Dead letters of events that could be delivered and that no target refused. */
  readonly falseDeadLetters: number;
  readonly healthy: readonly HealthyLatency[];
}

/** What rows are made from. */
export interface RowSources {
  readonly facts: RunFacts;
  readonly observation: Observation;
  /** Null: not known yet. */
  readonly verdict: Verdict | null;
  readonly lag: readonly LagSample[];
}

/** The rows, in the order of the faults. */
export function faultRows(sources: RowSources): readonly FaultRow[] {
  const { faults } = sources.facts;
  return faults.map((fault, index) => {
    const to = faults[index + 1]?.startAt ?? Infinity;
    return faultRow(fault, { from: fault.startAt, to }, sources);
  });
}

function faultRow(fault: FaultRecord, window: Window, sources: RowSources): FaultRow {
  const { observation, verdict } = sources;
  const within = observation.arrivals.filter(({ at }) => at >= window.from && at < window.to);
  const count = (...ids: readonly InvariantId[]): number =>
    violations(verdict, ids).filter((one) => isWithin(one, window, observation)).length;
  return {
    fault,
    proof: prove(fault, observation),
    events: within.filter(({ latencyMs }) => latencyMs !== null).length,
    lost: count("S1", "S5", "S6", "S10"),
    disordered: count("S8", "S9"),
    unjustified: count("S12", "S13", "S14"),
    repeats: within.filter(({ isRepeat }) => isRepeat).length,
    recoveryMs: recoveryOf(fault, sources),
    falseDeadLetters: falseDeadLetters(window, fault, sources),
    healthy: healthyLatencies(fault, { ...sources, recoveryOf: (one) => recoveryOf(one, sources) }),
  };
}

function violations(verdict: Verdict | null, ids: readonly InvariantId[]): readonly Violation[] {
  return ids.flatMap((id) => {
    const ruling = verdict?.rulings[id];
    return ruling?.status === "broken" ? ruling.violations : [];
  });
}

function isWithin({ where }: Violation, { from, to }: Window, observation: Observation): boolean {
  if (where === null) return false;
  const at = observation.logTimeOf(where.partition, where.offset);
  return at !== null && at >= from && at < to;
}

/** Lag of half a second's events is what a healthy run has. */
export function lagMaxOf(rate: number): number {
  return Math.max(50, rate / 2);
}

function recoveryOf({ endAt }: FaultRecord, { facts, lag }: RowSources): number | null {
  const lagMax = lagMaxOf(facts.profile.rate);
  const caughtUp = lag.find(
    (sample) =>
      sample.at > endAt &&
      sample.lag !== null &&
      Object.values(sample.lag).every((records) => records <= lagMax),
  );
  return caughtUp === undefined ? null : caughtUp.at - endAt;
}

function falseDeadLetters(
  { from, to }: Window,
  { who }: FaultRecord,
  { observation }: RowSources,
): number {
  return observation.givenUps.filter(
    ({ kind, at, key, isDeliverable }) =>
      kind === "dlq" && at >= from && at < to && isDeliverable && !who.includes(key ?? ""),
  ).length;
}
