/** How the healthy fare beside the sick: other keys of the target that a fault befell, or other targets. */
import type { RunFacts } from "../chaos-run.ts";
import type { FaultRecord } from "../faults/fault.ts";
import type { LagSample } from "../record/lag-probe.ts";
import type { ArrivalSeen, Observation } from "./observation.ts";
import type { Interval } from "./percentile.ts";
import { compareSlices, SLICE_MS, type SliceComparison } from "./slice-comparison.ts";
import type { Window } from "./window.ts";

/** The p99 of one class of the healthy, with the fault and without. */
export interface HealthyLatency {
  readonly target: string;
  readonly what: "p99-healthy-keys" | "p99-healthy-target";
  readonly cleanMs: number;
  readonly faultedMs: number;
  readonly cleanRange: Interval;
  readonly faultedRange: Interval;
  /** Of the fault's first slice. */
  readonly firstMs: number;
  /** Why the two cannot be compared; null where they can. */
  readonly doubt: string | null;
}

/** What they are taken from. */
export interface LatencySources {
  readonly facts: RunFacts;
  readonly observation: Observation;
  readonly lag: readonly LagSample[];
  /** How long after its end the targets had caught up, ms; null when they never did. */
  readonly recoveryOf: (fault: FaultRecord) => number | null;
}

/** With less of the processors idle, latencies tell of the machine, not of what runs on it. */
const IDLE_MIN = 0.15;
/** After the targets have caught up, until a clean stretch begins, ms. */
const SETTLE_MS = 5_000;

/** One for each class; none for a fault that leaves nobody healthy. */
export function healthyLatencies(
  fault: FaultRecord,
  sources: LatencySources,
): readonly HealthyLatency[] {
  const { scope, target } = fault;
  if (scope === "all" || target === null) return [];
  const { targets } = sources.facts.profile;
  const names = scope === "keys" ? [target] : targets.filter((name) => name !== target);
  return names.map((name) => ({
    target: name,
    what: scope === "keys" ? "p99-healthy-keys" : "p99-healthy-target",
    ...compare(fault, healthyCalls(name, fault, sources.observation), sources),
  }));
}

interface HealthyCall {
  readonly at: number;
  readonly latencyMs: number;
}

/** First arrivals at a target, without those of the keys that the fault befell. */
function healthyCalls(
  name: string,
  { scope, who }: FaultRecord,
  { arrivals }: Observation,
): readonly HealthyCall[] {
  const isSick = ({ key }: ArrivalSeen): boolean => scope === "keys" && who.includes(key ?? "");
  return arrivals.flatMap((call) => {
    const { at, latencyMs } = call;
    return call.target !== name || latencyMs === null || isSick(call) ? [] : [{ at, latencyMs }];
  });
}

/** Slices of the faulted span beside those of the clean run, or of the clean stretches around it. */
function compare(
  fault: FaultRecord,
  calls: readonly HealthyCall[],
  sources: LatencySources,
): SliceComparison {
  const { profile, baseline } = sources.facts;
  const faulted = { from: fault.startAt, to: fault.endAt };
  const clean = profile.comparison === "baseline" ? [baseline] : neighboursOf(fault, sources);
  const compared = compareSlices({
    deliveries: calls.map(({ at, latencyMs }) => ({ loggedAt: at - latencyMs, latencyMs })),
    clean,
    faulted,
    givenUpAt: sources.observation.givenUps.map(({ at }) => at),
  });
  return { ...compared, doubt: busy([...clean, faulted], sources.lag) ?? compared.doubt };
}

/** The clean stretches before and after a fault; one that is shorter than a slice is none. */
function neighboursOf(
  fault: FaultRecord,
  { facts, recoveryOf }: LatencySources,
): readonly Window[] {
  const { faults, baseline, healedAt } = facts;
  const index = faults.findIndex(({ startAt }) => startAt === fault.startAt);
  const after = (one: FaultRecord, to: number): Window => {
    const recoveryMs = recoveryOf(one) ?? Infinity;
    return { from: one.endAt + recoveryMs + SETTLE_MS, to };
  };
  const last = faults[index - 1];
  const before = last === undefined ? baseline : after(last, fault.startAt);
  const next = faults[index + 1]?.startAt ?? healedAt;
  return [before, after(fault, next)].filter(({ from, to }) => to - from >= SLICE_MS);
}

function busy(spans: readonly Window[], samples: readonly LagSample[]): string | null {
  const idle = Math.min(...spans.map((span) => idleIn(span, samples)));
  return idle < IDLE_MIN ? `${(idle * 100).toFixed(0)} % of the processors idle` : null;
}

/** Share of the processors that nobody used meanwhile. */
function idleIn({ from, to }: Window, samples: readonly LagSample[]): number {
  const within = samples.filter(({ at }) => at >= from && at < to);
  return within.reduce((sum, { idle }) => sum + idle, 0) / Math.max(1, within.length);
}
