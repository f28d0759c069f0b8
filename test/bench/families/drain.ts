/** A backlog drained once, for families that ask what that takes. */
import type { Bench } from "../bench.ts";
import { inTurn } from "../measure/in-turn.ts";
import { runSubject, type RunFigures } from "../measure/run.ts";
import type { Subject } from "../subjects/subject.ts";
import { workOf } from "../subjects/work.ts";
import { createBacklogWorld, type BenchWorld, type WorldShape } from "../workload/world.ts";
import type { FamilyRun } from "./family-row.ts";

/** A backlog as most families have it. */
export const USUAL_SHAPE = { keyCount: 10_000, partitionCount: 12, inFlight: 64 } as const;

/** Makes a backlog that is drained `runCount` times. */
export function backlog(
  { servers, target, runCount, folder }: Bench,
  shape: Pick<WorldShape, "eventCount" | "namespace"> & Partial<WorldShape>,
): Promise<BenchWorld> {
  const targetNames = Array.from({ length: runCount }, (_, run) => `run-${run + 1}`);
  const whole = { ...USUAL_SHAPE, targetNames, url: target.url, ...shape };
  return createBacklogWorld(servers, whole, folder);
}

/** Drains it with each subject in turn, once for each of the world's targets; `figuresOf` picks what the family is about. */
export async function drain(
  { servers, target, onProgress }: Bench,
  world: BenchWorld,
  {
    subjects,
    figuresOf,
  }: {
    readonly subjects: readonly Subject[];
    readonly figuresOf: (run: RunFigures) => FamilyRun["figures"];
  },
): Promise<ReadonlyMap<Subject, readonly FamilyRun[]>> {
  return inTurn(world.targetNames, subjects, async (subject, targetName) => {
    onProgress(`${world.namespace}: ${subject.name}, ${targetName}`);
    const work = workOf(servers, world, { subject, targetName });
    const run = await runSubject(subject, work, { target, latencyMs: 0, limitMs: null });
    const { disordered: orderViolations, repeats } = run.report;
    return { figures: figuresOf(run), orderViolations, repeats, faults: run.faults };
  });
}
