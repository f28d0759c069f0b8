/**
 * How the healthy fared beside the sick (L4): their p99 while a fault lasted against that of the clean stretches of the
 * same run. Where both lasted long enough, the medians over slices are compared, which one hiccup of the machine does not
 * move; else the faulted stretch whole against the worst slice of the clean ones, and only if those are alike.
 */
import type { RunFacts } from "../chaos-run.ts";
import type { FaultRecord } from "../faults/fault.ts";
import type { LagSample } from "../record/lag-probe.ts";
import type { Observation } from "./observation.ts";
import { median, p99 } from "./percentile.ts";

/** The figures of one class of deliveries beside one fault. */
export interface HealthyLatency {
  readonly target: string;
  readonly what: "p99-healthy-keys" | "p99-healthy-target";
  readonly cleanMs: number;
  readonly faultedMs: number;
  /** Why they tell nothing of what runs here; null where they do. */
  readonly doubt: string | null;
}

/** What they are made from. */
export interface LatencySources {
  readonly facts: Pick<RunFacts, "baseline" | "faults" | "healedAt" | "profile">;
  readonly observation: Pick<Observation, "arrivals">;
  readonly lag: readonly LagSample[];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is compared with each other, ms: long enough for a p99. */
const SLICE_MS = 5_000;
/** So many make a median. */
const SLICES_MIN = 6;
/** With less of the processors idle, latencies tell of the machine. */
const IDLE_MIN = 0.15;
/** So do those of single slices that differ by more than this in the clean run. */
const CLEAN_RATIO_MAX = 1.5;

/** Only where the fault leaves somebody healthy: other keys of its target, or other targets. */
export function healthyLatencies(
  fault: FaultRecord,
  sources: LatencySources,
): readonly HealthyLatency[] {
  const { scope, target } = fault;
  const { facts } = sources;
  if (scope === "all" || target === null) return [];
  const targets =
    scope === "keys" ? [target] : facts.profile.targets.filter((name) => name !== target);
  return targets.map((name) => compare(name, fault, sources));
}

function compare(
  target: string,
  { scope, who, startAt, endAt }: FaultRecord,
  { facts, observation, lag }: LatencySources,
): HealthyLatency {
  const p99Of = (span: Span): number =>
    p99(
      observation.arrivals.flatMap((call) => {
        const isOf = call.target === target && call.at >= span.from && call.at < span.to;
        if (!isOf || call.latencyMs === null) return [];
        return scope === "keys" && who.includes(call.key ?? "") ? [] : [call.latencyMs];
      }),
    );
  const faulted = { from: startAt, to: endAt };
  const clean = cleanSpans(facts).flatMap(slicesOf).map(p99Of);
  const slices = slicesOf(faulted);
  const isLong = Math.min(clean.length, slices.length) >= SLICES_MIN;
  const idle = Math.min(...[facts.baseline, faulted].map((span) => idleIn(span, lag)));
  return {
    target,
    what: scope === "keys" ? "p99-healthy-keys" : "p99-healthy-target",
    cleanMs: isLong ? median(clean) : Math.max(...clean),
    faultedMs: isLong ? median(slices.map(p99Of)) : p99Of(faulted),
    doubt: doubtOf(idle, isLong ? [] : clean),
  };
}

function doubtOf(idle: number, clean: readonly number[]): string | null {
  if (idle < IDLE_MIN) return `${(idle * 100).toFixed(0)} % of the processors idle`;
  const [low, high] = [Math.min(...clean), Math.max(...clean)];
  if (high <= low * CLEAN_RATIO_MAX) return null;
  return `a p99 of ${low.toFixed(0)} to ${high.toFixed(0)} ms in the clean run`;
}

/** The baseline, and what lies between two faults once the targets have caught up. */
function cleanSpans({ baseline, faults, healedAt, profile }: LatencySources["facts"]): Span[] {
  const gaps = faults.map((_, index) => {
    const to = faults[index + 1]?.startAt ?? healedAt;
    return { from: to - profile.gapMs, to };
  });
  return [baseline, ...gaps.filter(({ from, to }) => to - from >= SLICE_MS)];
}

/** Share of the processors that nobody used meanwhile. */
function idleIn({ from, to }: Span, samples: readonly LagSample[]): number {
  const within = samples.filter(({ at }) => at >= from && at < to);
  return within.reduce((sum, { idle }) => sum + idle, 0) / Math.max(1, within.length);
}

function slicesOf({ from, to }: Span): readonly Span[] {
  const count = Math.max(1, Math.floor((to - from) / SLICE_MS));
  return Array.from({ length: count }, (_, index) => {
    const start = from + index * SLICE_MS;
    return { from: start, to: index === count - 1 ? to : start + SLICE_MS };
  });
}
