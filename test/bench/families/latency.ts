/** From when an event was to be sent until it arrives: events come at an even pace, the target answers after 10 ms. */
import type { Bench } from "../bench.ts";
import { inTurn } from "../measure/in-turn.ts";
import { faultsOf } from "../measure/run.ts";
import { watch } from "../measure/watch.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import type { Subject } from "../subjects/subject.ts";
import { workOf } from "../subjects/work.ts";
import { Emission } from "../workload/emission.ts";
import { createBenchWorld } from "../workload/world.ts";
import { familyRow, type FamilyRow, type FamilyRun } from "./family-row.ts";

const RATES = [100, 1_000, 5_000] as const;
const LATENCY_MS = 10;
const SHAPE = { keyCount: 10_000, partitionCount: 12, inFlight: 64 } as const;
/** Events that a subject has delivered before: a young process compiles its code beside its work. */
const WARM_COUNT = 30_000;
/** How long events then come at their pace before it counts, and while it counts, s. */
const SETTLING_S = 2;
const MEASURED_S = 10;

/** Measures all rates. */
export async function measureLatency(bench: Bench): Promise<readonly FamilyRow[]> {
  const subjects = [MILLRACE, ...bench.peers];
  const rounds = Array.from({ length: bench.runCount }, (_, run) => String(run + 1));
  const rows: FamilyRow[] = [];
  for (const rate of RATES) {
    const runs = await inTurn(rounds, subjects, (subject, round) => {
      bench.onProgress(`latency at ${rate}/s: ${subject.name}, run ${round}`);
      const namespace = `l${rate}r${round}s${subjects.indexOf(subject)}`;
      return measureRun(bench, { subject, rate, namespace });
    });
    const of = { family: "latency", case: `${rate} events/s` };
    rows.push(
      ...subjects.map((subject) =>
        familyRow({ ...of, subject: subject.name }, runs.get(subject) ?? []),
      ),
    );
  }
  return rows;
}

async function measureRun(
  { servers, target, folder }: Bench,
  of: { readonly subject: Subject; readonly rate: number; readonly namespace: string },
): Promise<FamilyRun> {
  const { subject, rate, namespace } = of;
  const [settlingCount, eventCount] = [SETTLING_S * rate, MEASURED_S * rate];
  const targetName = "run";
  const shape = { ...SHAPE, namespace, eventCount, targetNames: [targetName], url: target.url };
  const world = await createBenchWorld(servers, shape, folder);
  await using emission = await Emission.open(servers, world);
  const running = await subject.start(workOf(servers, world, { subject, targetName }));
  const arrivals = async (count: number, emit: () => Promise<void>): Promise<void> => {
    await target.begin({ latencyMs: LATENCY_MS, events: count, users: SHAPE.keyCount });
    await emit();
    await watch(running, { target, eventCount: count, limitMs: null });
  };
  try {
    await arrivals(WARM_COUNT, () => emission.all(WARM_COUNT));
    await arrivals(settlingCount, () => emission.paced(settlingCount, rate));
    await arrivals(eventCount, () => emission.paced(eventCount, rate));
    const report = await target.report();
    const { latenciesMs: delays, disordered: orderViolations, repeats } = report;
    if (delays === null) throw new Error("the events of a run do not say when they were due");
    const figures = { p50Ms: delays.p50, p90Ms: delays.p90, p99Ms: delays.p99, maxMs: delays.max };
    const faults = [...faultsOf(subject, report), ...(await running.finish())];
    return { figures, orderViolations, repeats, faults };
  } finally {
    await running.kill();
  }
}
