/** One run: a subject drains a backlog to the target, watched from outside. */
import type { Subject, Work } from "../subjects/subject.ts";
import type { BenchTarget, TargetReport } from "../target/target.ts";
import { measuredSpan, paceOf, pacesOf, type MeasuredSpan, type Pace } from "./figures.ts";
import { costOf } from "./process-meter.ts";
import { watch } from "./watch.ts";

/** What a run shows. */
export interface RunFigures extends Pace {
  /** Of its parts, as many as were asked for. */
  readonly parts: readonly Pace[];
  readonly span: MeasuredSpan;
  readonly peakBytes: number;
  readonly report: TargetReport;
  /** From the start of its process to its first call, ms. */
  readonly startMs: number;
  /** What makes the run count for nothing; empty for one that is good. */
  readonly faults: readonly string[];
}

/** How a run goes. */
export interface RunOptions {
  readonly target: BenchTarget;
  /** From a request to its answer, ms. */
  readonly latencyMs: number;
  /** The subject is stopped so long after its first call even if it is not through, ms; null: it has to come to its end. */
  readonly limitMs: number | null;
  /** Parts of the measured span, each with a pace of its own; default: 1. */
  readonly partCount?: number;
}

/** Runs a subject. @throws Error where nothing arrives. */
export async function runSubject(
  subject: Subject,
  work: Work,
  { target, latencyMs, limitMs, partCount = 1 }: RunOptions,
): Promise<RunFigures> {
  await target.begin({ latencyMs, events: work.eventCount, users: work.keyCount });
  const startedAt = Date.now();
  const running = await subject.start(work);
  try {
    const samples = await watch(running, { target, eventCount: work.eventCount, limitMs });
    const { peakBytes } = costOf(running.pids());
    const report = await target.report();
    const own = await running.finish();
    return {
      ...paceOf(samples),
      parts: pacesOf(samples, partCount),
      span: measuredSpan(samples),
      ...{ peakBytes, report, startMs: report.firstAt - startedAt },
      faults: [...faultsOf(subject, report), ...own],
    };
  } finally {
    await running.kill();
  }
}

/** What of a report makes a run count for nothing. */
export function faultsOf({ keepsOrder }: Subject, report: TargetReport): readonly string[] {
  const { disordered, malformed } = report;
  return [
    ...(keepsOrder && disordered > 0 ? [`${disordered} events out of order`] : []),
    ...(malformed > 0 ? [`${malformed} calls that are none of the run's`] : []),
  ];
}
