/** How the healthy fare beside the sick: other keys of the target that a fault befell, or other targets. */
import type { RunFacts } from "../chaos-run.ts";
import type { FaultRecord } from "../faults/fault.ts";
import type { LagSample } from "../record/lag-probe.ts";
import type { ArrivalSeen, Observation } from "./observation.ts";
import { p99 } from "./percentile.ts";
import { compareSlices, SLICE_MS } from "./slice-comparison.ts";
import { slicesOf, type Window } from "./window.ts";

/** The p99 of one class of the healthy, with the fault and without. */
export interface HealthyLatency {
  readonly target: string;
  readonly what: "p99-healthy-keys" | "p99-healthy-target";
  readonly cleanMs: number;
  readonly faultedMs: number;
  /** Of the fault's first slice; null where no slices are compared. */
  readonly firstMs: number | null;
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
/** So do those whose clean p99 differs by more than this from slice to slice of the clean run. */
const CLEAN_RATIO_MAX = 1.5;
/** After the targets have caught up, until a clean stretch begins, ms. */
const SETTLE_MS = 5_000;

/** One for each class; none for a fault that leaves nobody healthy. */
export function healthyLatencies(
  fault: FaultRecord,
  sources: LatencySources,
): readonly HealthyLatency[] {
  const { scope, target } = fault;
  if (scope === "all" || target === null) return [];
  const { targets, comparison } = sources.facts.profile;
  const names = scope === "keys" ? [target] : targets.filter((name) => name !== target);
  const compare = comparison === "baseline" ? besideBaseline : besideNeighbours;
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

type Compared = Pick<HealthyLatency, "cleanMs" | "doubt" | "faultedMs" | "firstMs">;

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

/** The faulted span as a whole beside the slice of the clean run before all faults where the p99 was highest. */
function besideBaseline(
  { startAt, endAt }: FaultRecord,
  calls: readonly HealthyCall[],
  { facts, lag }: LatencySources,
): Compared {
  const p99Of = ({ from, to }: Window): number =>
    p99(calls.flatMap(({ at, latencyMs }) => (at >= from && at < to ? [latencyMs] : [])));
  const faulted = { from: startAt, to: endAt };
  const clean = slicesOf(facts.baseline, SLICE_MS).map(p99Of);
  const [lowest, cleanMs] = [Math.min(...clean), Math.max(...clean)];
  const range = `${lowest.toFixed(0)} to ${cleanMs.toFixed(0)} ms`;
  const unsteady = cleanMs > lowest * CLEAN_RATIO_MAX ? `a p99 of ${range} in the clean run` : null;
  const doubt = busy([facts.baseline, faulted], lag) ?? unsteady;
  return { cleanMs, faultedMs: p99Of(faulted), firstMs: null, doubt };
}

/** Slices of the faulted span beside those of the clean stretches before and after it. */
function besideNeighbours(
  fault: FaultRecord,
  calls: readonly HealthyCall[],
  sources: LatencySources,
): Compared {
  const faulted = { from: fault.startAt, to: fault.endAt };
  const clean = neighboursOf(fault, sources);
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
