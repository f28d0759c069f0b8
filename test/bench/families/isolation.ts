/** What one bad key does to all others: one that answers in 5 s, one whose events are refused. */
import type { Bench } from "../bench.ts";
import { paceOf } from "../measure/figures.ts";
import { inTurn } from "../measure/in-turn.ts";
import { watch } from "../measure/watch.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import type { Subject } from "../subjects/subject.ts";
import { workOf } from "../subjects/work.ts";
import type { TargetScript } from "../target/target.ts";
import type { BenchWorld } from "../workload/world.ts";
import { backlog } from "./drain.ts";
import { familyRow, type FamilyRow, type FamilyRun } from "./family-row.ts";

const LATENCY_MS = 10;
/** Longer than a bad key takes to be in everybody's way. */
const MEASURED_MS = 10_000;
const EVENT_COUNT = 80_000;
const BAD_USER = 7;

const CASES: Readonly<Record<string, Pick<TargetScript, "rejected" | "slow">>> = {
  "no bad key": {},
  "a key that takes 5 s": { slow: { user: BAD_USER, latencyMs: 5_000 } },
  "a key that is refused": { rejected: BAD_USER },
};

/** Measures ours and the peers in every case. */
export async function measureIsolation(bench: Bench): Promise<readonly FamilyRow[]> {
  const subjects = [MILLRACE, ...bench.peers];
  const rows: FamilyRow[] = [];
  for (const [index, [name, script]] of Object.entries(CASES).entries()) {
    const shape = { namespace: `isolation${index}`, eventCount: EVENT_COUNT };
    const world = await backlog(bench, shape);
    const runs = await inTurn(world.targetNames, subjects, (subject, targetName) => {
      bench.onProgress(`${name}: ${subject.name}, ${targetName}`);
      return measureRun(bench, world, { subject, targetName, script });
    });
    const of = { family: "isolation", case: name };
    for (const subject of subjects) {
      rows.push(familyRow({ ...of, subject: subject.name }, runs.get(subject) ?? []));
    }
  }
  return rows;
}

/** What arrives of everybody else while the bad key is there: nobody comes to an end. */
async function measureRun(
  { servers, target }: Bench,
  world: BenchWorld,
  of: {
    readonly subject: Subject;
    readonly targetName: string;
    readonly script: Pick<TargetScript, "rejected" | "slow">;
  },
): Promise<FamilyRun> {
  const { eventCount, keyCount } = world;
  const base = { latencyMs: LATENCY_MS, events: eventCount, users: keyCount };
  await target.begin({ ...base, ...of.script });
  const running = await of.subject.start(workOf(servers, world, of));
  try {
    const samples = await watch(running, { target, eventCount, limitMs: MEASURED_MS });
    const { disordered: orderViolations, repeats } = await target.report();
    const { perSec } = paceOf(samples);
    return { figures: { perSec }, orderViolations, repeats, faults: [] };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { figures: {}, orderViolations: 0, repeats: 0, faults: [said] };
  } finally {
    await running.kill();
  }
}
