/** What arrives twice, or not at all, when a process is killed at work and another goes on, and when a second one joins. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { inTurn } from "../measure/in-turn.ts";
import { watch } from "../measure/watch.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import type { RunningSubject, Subject, Work } from "../subjects/subject.ts";
import { workOf } from "../subjects/work.ts";
import type { BenchTarget, TargetReport } from "../target/target.ts";
import { backlog } from "./drain.ts";
import { familyRow, type FamilyRow, type FamilyRun } from "./family-row.ts";

const LATENCY_MS = 10;
const EVENT_COUNT = 30_000;
/** Of the events, when it happens. */
const HALF = 0.5;
/** A member that was killed keeps its partitions until its session is over, which is 45 s by Kafka's default. */
const STILL_MS_MAX = 60_000;
const LOOK_MS = 100;

type Trouble = "kill -9" | "a second process joins";

/** Measures ours and the peers. */
export async function measureRepeats(bench: Bench): Promise<readonly FamilyRow[]> {
  const subjects = [MILLRACE, ...bench.peers];
  const rows: FamilyRow[] = [];
  for (const [index, trouble] of (["kill -9", "a second process joins"] as const).entries()) {
    const shape = { namespace: `repeats${index}`, eventCount: EVENT_COUNT };
    const world = await backlog(bench, shape);
    const runs = await inTurn(world.targetNames, subjects, (subject, targetName) => {
      bench.onProgress(`${trouble}: ${subject.name}, ${targetName}`);
      const work = workOf(bench.servers, world, { subject, targetName });
      return measureRun(bench.target, { subject, work, trouble });
    });
    const of = { family: "repeats", case: trouble };
    for (const subject of subjects) {
      rows.push(familyRow({ ...of, subject: subject.name }, runs.get(subject) ?? []));
    }
  }
  return rows;
}

async function measureRun(
  target: BenchTarget,
  of: { readonly subject: Subject; readonly work: Work; readonly trouble: Trouble },
): Promise<FamilyRun> {
  const { subject, work, trouble } = of;
  const { eventCount, keyCount } = work;
  await target.begin({ latencyMs: LATENCY_MS, events: eventCount, users: keyCount });
  const started: RunningSubject[] = [];
  try {
    const first = await subject.start(work);
    started.push(first);
    await watch(first, { target, eventCount: eventCount * HALF, limitMs: null });
    if (trouble === "kill -9") await first.kill();
    started.push(await subject.start(work));
    const { count, disordered, repeats } = await settled(target, eventCount);
    const figures = { repeats, lost: eventCount - count };
    return { figures, orderViolations: disordered, repeats, faults: [] };
  } finally {
    for (const running of started) await running.kill();
  }
}

/** Waits until everything has arrived, or nothing has for too long. */
async function settled(target: BenchTarget, eventCount: number): Promise<TargetReport> {
  let last = await target.report();
  let movedAt = Date.now();
  while (last.count < eventCount && Date.now() - movedAt < STILL_MS_MAX) {
    await delay(LOOK_MS);
    const report = await target.report();
    if (report.count + report.repeats > last.count + last.repeats) movedAt = Date.now();
    last = report;
  }
  return last;
}
