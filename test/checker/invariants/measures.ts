/** What is judged by figures that the run took of itself. */
import type { Findings, Invariant } from "../findings.ts";
import type { MeasureLine } from "../history.ts";

/** A healthy key's p99 beside a sick key: at most this times the clean one, and this more, ms. */
const KEY_RATIO_MAX = 1.2;
const KEY_EXTRA_MS = 50;

/** A healthy target's p99 beside a sick target. */
const TARGET_RATIO_MAX = 1.1;

/** What is back at its baseline may be this much above it. */
const BASELINE_RATIO_MAX = 1.1;

/** A tap may cost this part of the delivery rate. */
const TAP_RATIO_MIN = 0.98;

/** L4. What differs by no more than its samples do is no breach. */
export const isolation: Invariant = {
  title: "a sick key or target slows no healthy one",
  needs: [["measure"]],
  judge({ measures }, findings) {
    for (const faulted of measures.filter(({ phase }) => phase === "faulted")) {
      const { what, who, value, fault } = faulted;
      if (what !== "p99-healthy-keys" && what !== "p99-healthy-target") continue;
      const clean = counterpart(measures, faulted, "clean");
      if (clean === undefined) {
        findings.cannotJudge(`no clean ${what} of ${who}`);
        continue;
      }
      findings.judged();
      const { high = clean.value } = clean;
      const promised =
        what === "p99-healthy-keys" ? high * KEY_RATIO_MAX + KEY_EXTRA_MS : high * TARGET_RATIO_MAX;
      if ((faulted.low ?? value) <= Math.min(promised, faulted.limit ?? Infinity)) continue;
      const beside = fault === undefined ? "" : ` beside ${fault}`;
      findings.breach(() => `${what} of ${who}${beside} is ${value} ms, clean ${clean.value} ms`);
    }
    ifNone(findings, "nobody measured the healthy beside the sick");
  },
};

/** L5. */
export const baselines: Invariant = {
  title: "memory, sockets and timers return to their baseline, and memory is bounded",
  needs: [["measure"]],
  judge({ measures }, findings) {
    for (const measure of measures) {
      const { what, who, phase, value, limit } = measure;
      if (phase === "load" && limit !== undefined) {
        findings.judged();
        if (value > limit) findings.breach(() => `${what} of ${who} is ${value}, above ${limit}`);
      }
      const baseline = phase === "drained" ? counterpart(measures, measure, "baseline") : undefined;
      if (baseline === undefined) continue;
      findings.judged();
      if (value <= baseline.value * BASELINE_RATIO_MAX) continue;
      findings.breach(() => `${what} of ${who} stays at ${value}, baseline ${baseline.value}`);
    }
    ifNone(findings, "nobody measured what a process holds");
  },
};

/** S22, as far as rates tell. */
export const tapCost: Invariant = {
  title: "the tap slows nothing",
  needs: [["measure"]],
  judge({ measures }, findings) {
    for (const tapped of measures.filter(({ what }) => what === "tap")) {
      const clean = tapped.phase === "load" ? counterpart(measures, tapped, "clean") : undefined;
      if (clean === undefined) continue;
      findings.judged();
      if (tapped.value >= clean.value * TAP_RATIO_MIN) continue;
      findings.breach(
        () => `${tapped.who} delivers ${tapped.value}/s tapped, ${clean.value}/s not`,
      );
    }
    ifNone(findings, "no tap was run");
  },
};

function counterpart(
  measures: readonly MeasureLine[],
  { what, who, fault }: MeasureLine,
  phase: MeasureLine["phase"],
): MeasureLine | undefined {
  return measures.find(
    (one) => one.what === what && one.who === who && one.fault === fault && one.phase === phase,
  );
}

function ifNone(findings: Findings, why: string): void {
  if (findings.judgedCount === 0) findings.cannotJudge(why);
}
